import assert from 'node:assert/strict'
import { it } from 'node:test'
import { logLine } from '../../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { logPairs } from '../../../support/evidence.js'
import { entry } from '../../../support/evidence-entries.js'

const CHARS = ' ="\\\'\n\r\t\u2028\u001b[31m\u202e,;'

it('a line has what is known in a fixed order, and leaves out what is not', () => {
  const line = logLine(
    entry({
      kind: 'attempt',
      uuid: 'U.1',
      result: 'failed',
      rules: [
        { owner: '*', id: 'a' },
        { owner: 'acme.example', id: 'b' },
      ],
      mx: 'mx.bank.example',
      address: '[2001:db8::25]:25',
      class: 'starttls-refused',
      status: '5.7.4',
      detail: 'answered STARTTLS with 554 no',
    }),
  )
  assert.equal(
    line,
    'attempt uuid=U.1 rule=a,b owner=*,acme.example level=encrypt domain=bank.example recipients=1 ' +
      'result=failed mx=mx.bank.example address=[2001:db8::25]:25 class=starttls-refused status=5.7.4 ' +
      'detail="answered STARTTLS with 554 no"',
  )
})

it('whatever a peer or a rule says, it stays in its value, on one line', () => {
  const hostile = `x${CHARS}result=delivered uuid=fake`
  const line = logLine(
    entry({
      kind: 'attempt',
      uuid: 'U.1',
      result: 'failed',
      rules: [{ owner: hostile, id: hostile }],
      domain: hostile,
      mx: hostile,
      issuer: hostile,
      detail: hostile,
    }),
  )
  assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  const [read] = logPairs(`[enforce-tls] ${line}`)
  assert.equal(read?.['uuid'], 'U.1')
  assert.equal(read['result'], 'failed')
  assert.equal(read['detail'], 'x ="\\\' \\u001b[31m\\u202e,;result=delivered uuid=fake')
})
