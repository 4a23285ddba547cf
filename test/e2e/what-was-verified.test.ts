/** What log lines say of a certificate: nobody may read "verified" where any certificate would have done. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fingerprints, makeAuthority, selfSigned } from '../support/certificates.js'
import { logPairs } from '../support/evidence.js'
import { startHaraka } from '../support/haraka.js'
import { trustingConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('log lines say "verified" of what was verified, and only of that', async (t) => {
  const authority = await makeAuthority('Test CA')
  const own = await selfSigned({ dnsNames: ['mx.encrypt.example'] })
  const pinned = await selfSigned({ dnsNames: ['mx.fingerprint.example'] })
  const rows = [
    {
      level: 'encrypt',
      tls: own,
      secured: /verified=false .*error="[^"]*accepts any certificate"/,
      parts: 'nothing',
    },
    {
      level: 'fingerprint',
      tls: pinned,
      action: { fingerprints: [fingerprints(pinned.cert).certificate] },
      secured: /verified=true/,
      parts: 'fingerprint',
    },
    {
      level: 'verify',
      tls: await authority.issue({ dnsNames: ['mx.verify.example'] }),
      secured: /verified=true/,
      parts: 'chain,host-name',
    },
    {
      level: 'secure',
      tls: await authority.issue({ dnsNames: ['mx.secure.example', 'secure.example'] }),
      secured: /verified=true/,
      parts: 'chain,listed-name',
    },
  ]
  const peers = await Promise.all(rows.map(({ tls }) => startPeer({ tls })))
  t.after(() => Promise.all(peers.map((peer) => peer.close())))
  await using haraka = await startHaraka({
    config: trustingConfig(
      authority,
      {
        'acme.example': rows.map(({ level, action = {} }) => ({
          to: [`${level}.example`],
          action: { level, ...action },
        })),
      },
      'connection_reuse=false\n',
    ),
    routes: Object.fromEntries(
      rows.map(({ level }, index) => [
        `${level}.example`,
        [peers[index]?.route({ name: `mx.${level}.example` }) ?? { priority: 0 }],
      ]),
    ),
  })
  for (const [index, { level, secured, parts }] of rows.entries()) {
    // The second session is a resumed one, of which Node.js itself has no certificate.
    for (const count of [1, 2]) {
      const before = haraka.log.length
      await haraka.send({ from: 'ann@acme.example', to: `x@${level}.example` })
      await peers[index]?.waitForMessages(count)
      await haraka.waitForEmptyQueue()
      await haraka.waitForLog(/\[enforce-tls\] outcome /, { after: before })
      const log = haraka.log.slice(before)
      const [line = ''] = log
        .split('\n')
        .filter((each) => each.includes('verified=') && !each.includes('attempt'))
      assert.match(line, secured)
      assert.match(line, new RegExp(`cn=mx\\.${level}\\.example`))
      const pairs = logPairs(log).filter(({ kind }) => kind === 'attempt' || kind === 'outcome')
      assert.deepEqual(
        pairs.map(({ verified }) => verified),
        [parts, parts],
      )
    }
  }
})
