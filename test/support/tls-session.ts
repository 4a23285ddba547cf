import type { TlsSession } from '../../plugins/enforce-tls/delivery/tls/session.js'

/** A session of which nothing matters to a test. */
export const SESSION: TlsSession = {
  protocol: 'TLSv1.3',
  cipher: 'x',
  certificate: undefined,
  resumed: false,
  reused: false,
  handshakeTime: 1,
}
