import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReplyGuard } from '../../../../plugins/enforce-tls/delivery/tls/reply-guard.js'

describe('the turns of an SMTP session', () => {
  const rows: readonly (readonly [
    what: string,
    command: string | null,
    line: string,
    more: boolean,
    outcome: string | { readonly heard: string; readonly last?: boolean },
  ])[] = [
    ['the reply to a command', 'MAIL FROM:<a@b>', '250 ok', false, { heard: '250 ok' }],
    ['a line that goes on', 'EHLO x', '250-SIZE', true, { heard: '250-SIZE' }],
    ['a code alone', 'MAIL FROM:<>', '250', false, { heard: '250' }],
    ['a reply with another behind it', 'MAIL FROM:<>', '250 ok', true, 'more than the reply to MAIL'],
    ['a reply that nobody asked for', null, '250 ok', false, '250 without a command'],
    ['a second 354 while the message is under way', null, '354 go', false, '354 without a command'],
    [
      'a refusal while the message is under way',
      null,
      '552 too big',
      false,
      { heard: '552 too big', last: true },
    ],
    ['250 to DATA', 'DATA', '250 ok', false, '250 to DATA'],
    ['354 to DATA', 'DATA', '354 go', false, { heard: '354 go' }],
    ['354 to DATA with a refusal behind it', 'DATA', '354 go', true, { heard: '354 go' }],
    ['a refusal of DATA', 'DATA', '554 no', false, { heard: '554 no' }],
    ['a greeting in place of the reply to EHLO', 'EHLO x', '220 hi', false, '220 to EHLO'],
    ['a greeting in place of the reply to LHLO', 'LHLO x', '220 hi', false, '220 to LHLO'],
    [
      '251 to RCPT, which Haraka would lose',
      'RCPT TO:<a@b>',
      '251 elsewhere',
      false,
      { heard: '250 elsewhere' },
    ],
    ['252 to RCPT, in several lines', 'RCPT TO:<a@b>', '252-perhaps', true, { heard: '250-perhaps' }],
    ['251 to anything else', 'MAIL FROM:<>', '251 well', false, { heard: '251 well' }],
    [
      'a refused recipient with a reply behind it',
      'RCPT TO:<a@b>',
      '550 no',
      true,
      'more than the reply to RCPT',
    ],
    ['a refused EHLO with a reply behind it', 'EHLO x', '502 what?', true, 'more than the reply to EHLO'],
    ['a refusal with a farewell behind it', 'MAIL FROM:<>', '550 no', true, { heard: '550 no' }],
    ['the last word with a farewell behind it', '.', '250 queued', true, { heard: '250 queued' }],
    ['the farewell after QUIT', 'QUIT', '221 bye', true, { heard: '221 bye', last: true }],
    ['what is no reply', 'MAIL FROM:<>', 'hello', true, { heard: 'hello', last: true }],
  ]
  for (const [what, command, line, more, outcome] of rows) {
    it(`${what}: ${typeof outcome === 'string' ? 'ends the session' : `is heard as ${outcome.heard}`}`, () => {
      const turns = new ReplyGuard()
      if (command !== null) turns.ask(`${command}\r\n`)
      assert.deepEqual(
        turns.take(line, more),
        typeof outcome === 'string'
          ? { ok: false, problem: outcome }
          : { ok: true, line: outcome.heard, last: outcome.last ?? false },
      )
    })
  }

  it('one command has one reply', () => {
    const turns = new ReplyGuard()
    turns.ask('MAIL FROM:<>')
    assert.equal(turns.take('250-a', true).ok, true)
    assert.equal(turns.take('250 b', false).ok, true)
    assert.equal(turns.take('250 c', false).ok, false)
  })
})
