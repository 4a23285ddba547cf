import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp, type AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect, createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls'
import { withoutCertificate } from '../../../../plugins/enforce-tls/delivery/tls/session-der.js'
import { selfSigned, type KeyAndCertificate } from '../../../support/certificates.js'

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  describe(`a session of ${version} without its certificate`, () => {
    const secureContext = createSecureContext({ ca: [] })
    let own: KeyAndCertificate
    let server: Server
    before(async () => {
      own = await selfSigned({ dnsNames: ['mx.bank.example'] })
      server = createServer({ ...own, maxVersion: version }, (socket) => socket.end('hello'))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    })
    after(() => server.close())

    /** One connection; gives whether it was resumed, and its last session. */
    async function talk(session?: Buffer): Promise<{ resumed: boolean; session: Buffer | undefined }> {
      const raw = connectTcp((server.address() as AddressInfo).port, '127.0.0.1')
      const socket: TLSSocket = connect({
        socket: raw,
        secureContext,
        rejectUnauthorized: false,
        ...(session ? { session } : {}),
      })
      let latest: Buffer | undefined
      socket.on('session', (given: Buffer) => (latest = given))
      await once(socket, 'secureConnect')
      const resumed = socket.isSessionReused()
      socket.resume()
      await once(socket, 'close')
      return { resumed, session: latest }
    }

    it('is resumed like any other, and does not hold the certificate', async () => {
      const { session } = await talk()
      assert.ok(session)
      const der = Buffer.from(own.cert.replace(/-----.*?-----|\s/g, ''), 'base64')
      assert.ok(session.includes(der))
      const bare = withoutCertificate(session)
      assert.ok(!bare.includes(der))
      assert.ok(bare.length < session.length - der.length)
      assert.deepEqual(withoutCertificate(bare), bare)
      assert.equal((await talk(bare)).resumed, true)
    })

    it('is left alone where it is not as expected', async () => {
      const { session = Buffer.alloc(0) } = await talk()
      const cut = session.subarray(0, session.length - 1)
      const longer = Buffer.concat([session, Buffer.alloc(1)])
      for (const odd of [Buffer.alloc(0), Buffer.from('3082', 'hex'), Buffer.from('no session'), cut, longer])
        assert.equal(withoutCertificate(odd), odd)
    })
  })
