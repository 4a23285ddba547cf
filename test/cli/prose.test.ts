import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PassThrough } from 'node:stream'
import { Output, printError, type Terminal } from '../../plugins/enforce-tls/cli/output.js'

/** What is printed on a terminal of so many columns; on none without. */
function printed(print: (output: Output) => void, columns?: number): string {
  let shown = ''
  const stream = Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns })
  stream.on('data', (chunk) => (shown += String(chunk)))
  const terminal = { stdout: stream, stderr: stream, env: {} } as unknown as Terminal
  print(new Output(terminal, false))
  return shown
}

const LONG =
  'The delivery log has 12 messages that matched it in the last 30 days; none would have bounced at this level.'
const COMMAND =
  'enforce-tls rule move acme.example fm6ae6whnr --before abcdefghij --file /etc/haraka/rules.json'

describe('prose on a terminal', () => {
  it('wraps at its width, and at 100 columns where it is wider', () => {
    const widest = (columns: number) =>
      Math.max(
        ...printed((output) => output.line(`${LONG} ${LONG}`), columns)
          .split('\n')
          .map((line) => line.length),
      )
    for (const columns of [40, 80, 100]) assert.ok(widest(columns) <= columns, String(columns))
    assert.ok(widest(200) > 80 && widest(200) <= 100)
    assert.ok(widest(0) > 70 && widest(0) <= 80, 'a terminal that says 0 has 80')
  })

  it('has the other lines stand behind a label, a name or a mark', () => {
    const next = 'Next: see what fails with the servers of the partner, and tell their mail team about that'
    assert.equal(
      printed((output) => output.line(next), 50),
      'Next: see what fails with the servers of the\n      partner, and tell their mail team about that\n',
    )
    assert.equal(
      printed((output) => output.facts({ why: LONG }), 60)
        .split('\n')[1]
        ?.slice(0, 12),
      '       the l',
    )
    assert.match(
      printed((output) => printError(output.terminal, [LONG]), 60),
      /^enforce-tls: The .*\n {13}\S/,
    )
    assert.match(
      printed((output) => output.item(LONG, 2), 60),
      /^ {4}The .*\n {6}\S/,
    )
  })

  it('has a command that is to be copied on a line of its own, whole', () => {
    const text = printed((output) => output.line(`It is without effect; move it up with: ${COMMAND}`), 80)
    assert.equal(text, `It is without effect; move it up with:\n  ${COMMAND}\n`)
    const short = 'It is off; switch it on with: enforce-tls rule enable a.example x'
    assert.equal(
      printed((output) => output.line(short), 80),
      `${short}\n`,
    )
  })
})

it('elsewhere a sentence is one line, with its command', () => {
  const sentence = `${LONG} Move it up with: ${COMMAND}`
  assert.equal(
    printed((output) => output.line(sentence)),
    `${sentence}\n`,
  )
  assert.equal(
    printed((output) => output.item(sentence)),
    `  ${sentence}\n`,
  )
  assert.equal(
    printed((output) => output.facts({ why: sentence })),
    `  why  ${sentence}\n`,
  )
  assert.equal(
    printed((output) => printError(output.terminal, [sentence])),
    `enforce-tls: ${sentence}\n`,
  )
})
