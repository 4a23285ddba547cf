/** What is asked of an encrypted session, and what it came to. */
import type { X509Certificate } from 'node:crypto'

/** An encrypted session, whether or not it fulfils the requirement. */
export interface TlsSession {
  /** Such as `TLSv1.3`. */
  readonly protocol: string
  /** By its standard name, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string
  /** Of the server; absent where there is none. */
  readonly certificate: X509Certificate | undefined
  /** Whether it goes on from an earlier one. */
  readonly resumed: boolean
  /** Whether it has served another message before, so that this one needed no handshake. */
  readonly reused: boolean
  /** From the ClientHello to the end of the handshake, in milliseconds. */
  readonly handshakeTime: number
}
