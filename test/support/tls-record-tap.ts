/**
 * Tells TLS records from other bytes in what a client sends after STARTTLS, so that a client that goes on in
 * the clear cannot hide behind a handshake that never happens. It reads record headers only.
 */

const HEADER_LENGTH = 5
const FIRST_TYPE = 0x14
const LAST_TYPE = 0x17
const MAJOR_VERSION = 0x03

export class TlsRecordTap {
  #header = Buffer.alloc(0)
  #bodyLeft = 0

  /** Bytes of `chunk` by kind; a header that is cut off counts as TLS as long as it looks like one. */
  sort(chunk: Buffer): { tls: Buffer; clear: Buffer } {
    let position = 0
    while (position < chunk.length) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, chunk.length - position)
        this.#bodyLeft -= taken
        position += taken
        continue
      }
      const wanted = HEADER_LENGTH - this.#header.length
      const start = position
      this.#header = Buffer.concat([this.#header, chunk.subarray(position, position + wanted)])
      position = Math.min(chunk.length, position + wanted)
      if (!looksLikeRecord(this.#header)) {
        this.#header = Buffer.alloc(0)
        return { tls: chunk.subarray(0, start), clear: chunk.subarray(start) }
      }
      if (this.#header.length === HEADER_LENGTH) {
        this.#bodyLeft = this.#header.readUInt16BE(3)
        this.#header = Buffer.alloc(0)
      }
    }
    return { tls: chunk, clear: Buffer.alloc(0) }
  }
}

function looksLikeRecord(header: Buffer): boolean {
  const [type, version = MAJOR_VERSION] = header
  return type !== undefined && type >= FIRST_TYPE && type <= LAST_TYPE && version === MAJOR_VERSION
}
