/** A rule whose mail all goes through a gateway, with the same care as what is only rerouted. */
import assert from 'node:assert/strict'
import { connect as connectTo, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { createServer } from 'node:tls'
import { it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { dnsPlugin, startDns } from '../support/dns-server.js'
import { logPairs } from '../support/evidence.js'
import { freePort } from '../support/free-port.js'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { gatewayUrl, startRerouteScene, USER, PASSWORD } from '../support/reroute-scene.js'
import { trustingConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const ACTION = { level: 'encrypt', onFailure: 'defer', via: 'relay' }

it('all mail of the rule goes through the gateway, and its own servers are not asked', async () => {
  await using scene = await startRerouteScene({ action: ACTION, bank: {} })
  await scene.send({ to: ['cfo@bank.example', 'desk@bank.example'] })
  await scene.send({ to: 'third@bank.example' })
  const messages = await scene.gateway.waitForMessages(2)
  await scene.haraka.waitForEmptyQueue()
  assert.ok(messages.every(({ tls }) => tls))
  assert.equal(scene.bank.connections.length, 0)
  await scene.haraka.waitForLog(/\[enforce-tls\] outcome .*result=via-gateway/)
  const [outcome] = logPairs(scene.haraka.log).filter(({ kind }) => kind === 'outcome')
  assert.equal(outcome?.['via'], 'relay')
  assert.equal(outcome['verified'], 'chain,host-name')
  assert.equal(outcome['class'], undefined)
})

it('a rule without a gateway holds at the gateway as well, and two gateways are one too many', async () => {
  const rule = (action: object) => [{ to: ['bank.example'], id: 'r1', action: { ...action } }]
  await using scene = await startRerouteScene({
    rules: { '*': rule({ level: 'secure' }), 'acme.example': rule(ACTION) },
    intervals: '5s',
  })
  await scene.send()
  const first = await scene.bounceText(1)
  assert.match(first, /has a certificate for .*127\.0\.0\.1, not for bank\.example or \.bank\.example/)
  assert.equal(scene.gateway.messages.length, 0)
  assert.ok(!scene.verbs('tls').includes('AUTH'))

  await using another = await startRerouteScene({
    rules: { '*': rule(ACTION), 'acme.example': rule({ ...ACTION, via: 'second' }) },
    gateways: (port) => `relay=${gatewayUrl(port)}\nsecond=${gatewayUrl(port)}`,
    intervals: '5s',
  })
  await another.send()
  assert.match(
    await another.bounceText(1),
    /cannot all take the message: let its rules name the same gateway/,
  )
  assert.equal(another.gateway.connections.length, 0)
})

it('a gateway with TLS from the first byte on gets mail and login the same way', async () => {
  const authority = await makeAuthority('Test CA')
  await using inside = await startPeer({
    starttls: false,
    on: {
      EHLO: ['250-gw.relay.example', '250 AUTH LOGIN'],
      AUTH: '334 VXNlcm5hbWU6',
      other: (session, line) =>
        session.reply(
          line === Buffer.from(USER).toString('base64')
            ? '334 UGFzc3dvcmQ6'
            : line === Buffer.from(PASSWORD).toString('base64')
              ? '235 2.7.0 welcome'
              : '535 5.7.8 no',
        ),
    },
  })
  const { port } = inside.route()
  const tls = createServer(await authority.issue({ ipAddresses: ['127.0.0.1'] }), (socket) => {
    const plain = connectTo(port ?? 0, '127.0.0.1')
    socket.on('error', () => plain.destroy())
    plain.on('error', () => socket.destroy())
    socket.pipe(plain).pipe(socket)
  })
  tls.listen(0, '127.0.0.1')
  await once(tls, 'listening')
  const url = gatewayUrl((tls.address() as AddressInfo).port, { scheme: 'smtps' })
  try {
    await using haraka = await startHaraka({
      config: trustingConfig(
        authority,
        { 'acme.example': [{ to: ['bank.example'], action: ACTION }] },
        `[gateways]\nrelay=${url}\n`,
      ),
    })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    const [message] = await inside.waitForMessages()
    await haraka.waitForEmptyQueue()
    assert.deepEqual(message?.to, ['cfo@bank.example'])
    await haraka.waitForLog(/\[enforce-tls\] outcome /)
    assert.equal(logPairs(haraka.log).find(({ kind }) => kind === 'outcome')?.['result'], 'via-gateway')
  } finally {
    tls.close()
  }
})

it('a server without TLS on such a port gets nothing at all', async () => {
  let received = Buffer.alloc(0)
  const plain = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])))
    socket.write('220 gw.relay.example ESMTP\r\n')
  })
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  try {
    await using scene = await startRerouteScene({
      action: ACTION,
      gateways: () => `relay=${gatewayUrl((plain.address() as AddressInfo).port, { scheme: 'smtps' })}`,
      intervals: '5s',
    })
    await scene.send()
    assert.match(await scene.bounceText(), /does not speak TLS on this port from the first byte on/)
    assert.doesNotMatch(received.toString('latin1'), /EHLO|AUTH|MAIL/)
  } finally {
    plain.close()
  }
})

it('a gateway is found by its name, which its certificate has to bear', async () => {
  await using dns = await startDns({ 'gw.relay.example': { a: ['127.0.0.1'] }, 'gone.example': {} })
  await using scene = await startRerouteScene({
    action: ACTION,
    certificate: (authority) => authority.issue({ dnsNames: ['gw.relay.example'] }),
    gateways: (port) => `relay=${gatewayUrl(port, { host: 'GW.relay.example' })}`,
    extraPlugins: { 'test-dns': dnsPlugin(dns) },
  })
  await scene.send()
  const [message] = await scene.gateway.waitForMessages()
  await scene.haraka.waitForEmptyQueue()
  assert.equal(message?.tls?.servername, 'gw.relay.example')
})

for (const action of [ACTION, { level: 'encrypt', onFailure: 'reroute', via: 'relay' }])
  it(`a gateway that is this very server ends the round after one turn (${action.onFailure})`, async () => {
    const port = await freePort()
    const authority = await makeAuthority('Test CA')
    const { key, cert } = await authority.issue({ ipAddresses: ['127.0.0.1'] })
    await using bank = await startPeer({ starttls: false })
    await using acme = await startPeer()
    await using haraka = await startHaraka({
      plugins: ['tls', 'test-relay', 'test-routes', 'enforce-tls'],
      config: {
        ...trustingConfig(
          authority,
          { 'acme.example': [{ to: ['bank.example'], action }] },
          `[gateways]\nrelay=smtp://127.0.0.1:${port}\n`,
        ),
        'smtp.ini': `[main]\nlisten=127.0.0.1:${port}\nnodes=0\n`,
        'tls.ini': '[main]\nkey=own.key\ncert=own.pem\n',
        'own.key': key,
        'own.pem': cert,
      },
      routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
    })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    const [bounce] = await acme.waitForMessages()
    await haraka.waitForEmptyQueue()
    assert.equal(acme.messages.length, 1)
    await haraka.waitForLog(/\[enforce-tls\] outcome .*result=bounced/)
    assert.match(
      parseBounce(bounce?.data ?? '').text.replace(/\s+/g, ' '),
      /has had the message for the same recipients before/,
    )
    const outcomes = logPairs(haraka.log).filter(({ kind }) => kind === 'outcome')
    assert.deepEqual(
      outcomes.map(({ result }) => result),
      [action.onFailure === 'reroute' ? 'rerouted' : 'via-gateway', 'bounced'],
    )
    assert.deepEqual(bank.cleartextAfterEhlo(), [])
  })
