/** Submits messages byte by byte, as no well-behaved client would. */
import { connect } from 'node:net'

const PATIENCE = 120_000

/** Sends a message and gives the last reply; rejects when there is none in time. */
export async function submitBytes(
  port: number,
  { from, to, data }: { from: string; to: readonly string[]; data: Buffer },
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let said = ''
  let replies = 0
  let wake: () => void = () => undefined
  socket.setEncoding('latin1').on('data', (text: string) => {
    said = (said + text).slice(-4000)
    replies += text.match(/^\d{3} /gm)?.length ?? 0
    wake()
  })
  socket.on('error', () => wake())
  socket.on('close', () => wake())
  const deadline = Date.now() + PATIENCE
  const expect = async (count: number): Promise<void> => {
    while (replies < count) {
      if (socket.destroyed) throw new Error(`the connection ended: ${said.slice(-200)}`)
      if (Date.now() > deadline) throw new Error(`no reply in time: ${said.slice(-200)}`)
      await new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, 1000)
      })
    }
  }
  try {
    await expect(1)
    socket.write('EHLO client.test.example\r\n')
    await expect(2)
    socket.write(`MAIL FROM:<${from}>\r\n${to.map((each) => `RCPT TO:<${each}>\r\n`).join('')}`, 'utf8')
    await expect(3 + to.length)
    socket.write('DATA\r\n')
    await expect(4 + to.length)
    if (!/^354 /m.test(said.slice(-200))) return said
    socket.write(data)
    socket.write('\r\n.\r\n')
    await expect(5 + to.length)
    return said
  } finally {
    socket.end('QUIT\r\n')
    setTimeout(() => socket.destroy(), 2000).unref()
  }
}
