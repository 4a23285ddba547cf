/** Servers that misbehave once they have agreed to TLS: in place of the handshake, or in it. */
import type { PeerBehaviour, Step } from '../../support/peer-behaviour.js'
import { afterClientHello, bytes, cut, reset, silence, tlsAlert } from '../../support/peer-steps.js'
import { delivered } from './outcomes.js'
import { TRICKLE, INJECTION, HANDSHAKE, CUT, type Row } from './row.js'

function onHandshake(step: Step): PeerBehaviour {
  return { on: { handshake: step } }
}

export const IN_HANDSHAKE: readonly Row[] = [
  {
    name: 'goes on in the clear in place of the handshake',
    behaviour: onHandshake(afterClientHello((session) => session.send('250-hello', '250 SIZE'))),
    outcome: INJECTION,
  },
  {
    name: 'sends HTTP in place of the handshake',
    behaviour: onHandshake(afterClientHello(bytes('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    outcome: INJECTION,
  },
  { name: 'is silent in place of the handshake', behaviour: onHandshake(silence), outcome: HANDSHAKE },
  { name: 'hangs up in place of the handshake', behaviour: onHandshake(cut), outcome: CUT },
  { name: 'hangs up at the ClientHello', behaviour: onHandshake(afterClientHello(cut)), outcome: CUT },
  { name: 'resets at the ClientHello', behaviour: onHandshake(afterClientHello(reset)), outcome: CUT },
  {
    name: 'sends the TLS alert handshake_failure',
    behaviour: onHandshake(afterClientHello(tlsAlert(40))),
    outcome: HANDSHAKE,
  },
  {
    name: 'sends the TLS alert protocol_version',
    behaviour: onHandshake(afterClientHello(tlsAlert(70))),
    outcome: HANDSHAKE,
  },
  {
    name: 'sends a TLS alert before the ClientHello',
    behaviour: onHandshake(tlsAlert(80)),
    outcome: HANDSHAKE,
  },
  // A closure alert is no error alert (RFC 8446 section 6.1): it closes, and says no more than a FIN.
  {
    name: 'closes TLS with close_notify before it began',
    behaviour: onHandshake(afterClientHello(bytes(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x01, 0x00])))),
    outcome: CUT,
  },
  {
    name: 'wants a client certificate in TLS 1.2',
    behaviour: { tls: { maxVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: true } },
    outcome: HANDSHAKE,
  },
  // With TLS 1.3 the client counts the handshake as done by then.
  {
    name: 'wants a client certificate in TLS 1.3',
    behaviour: { tls: { minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true } },
    outcome: HANDSHAKE,
  },
  {
    name: 'asks for a client certificate and does without',
    behaviour: { tls: { requestCert: true } },
    outcome: delivered(),
  },
  {
    name: 'echoes the ClientHello',
    behaviour: onHandshake(afterClientHello(bytes(Buffer.from('16030100050100000100', 'hex')))),
    outcome: HANDSHAKE,
  },
  {
    name: 'begins a TLS record and hangs up',
    behaviour: onHandshake(
      afterClientHello((session) => {
        session.raw(Buffer.from([0x16, 0x03, 0x03, 0x02, 0x00, 0x02]))
        session.end()
      }),
    ),
    outcome: CUT,
  },
  {
    name: 'begins a TLS record and stops',
    behaviour: onHandshake(afterClientHello(bytes(Buffer.from([0x16, 0x03, 0x03, 0x02, 0x00, 0x02])))),
    outcome: HANDSHAKE,
  },
  {
    name: 'drips TLS records that mean nothing',
    behaviour: onHandshake(
      afterClientHello(async (session) => {
        while (!session.closed) {
          session.raw(Buffer.from([0x16, 0x03, 0x03, 0x00, 0x01, 0x02]))
          await session.pause(TRICKLE)
        }
      }),
    ),
    outcome: HANDSHAKE,
  },
  {
    name: 'speaks TLS 1.0 and 1.1 only',
    behaviour: { tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } },
    outcome: HANDSHAKE,
  },
  {
    name: 'knows one cipher only, without encryption',
    behaviour: { tls: { maxVersion: 'TLSv1.2', ciphers: 'eNULL:@SECLEVEL=0' } },
    outcome: HANDSHAKE,
  },
  {
    name: 'knows one cipher only, without a certificate',
    behaviour: { tls: { maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0' } },
    outcome: HANDSHAKE,
  },
  {
    name: 'knows one cipher only, too weak',
    behaviour: { tls: { maxVersion: 'TLSv1.2', ciphers: 'PSK-NULL-SHA256:AES128-SHA:!ECDSA:@SECLEVEL=0' } },
    outcome: HANDSHAKE,
  },
]
