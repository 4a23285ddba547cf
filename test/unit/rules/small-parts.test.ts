import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  comparableDomain,
  comparableLocal,
  parseAddress,
} from '../../../plugins/enforce-tls/rules/address.js'
import { foldedWords } from '../../../plugins/enforce-tls/rules/folded-words.js'
import { HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'
import {
  definitionOf,
  later,
  stricter,
  type Level,
  type Otherwise,
} from '../../../plugins/enforce-tls/rules/levels.js'
import { assertOwner, parseService } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import {
  addUp,
  demandKey,
  requirementOf,
  requirementKey,
} from '../../../plugins/enforce-tls/rules/requirement.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { checkRule } from '../../../plugins/enforce-tls/rules/check-rule.js'
import { TextReader } from '../../../plugins/enforce-tls/rules/text-pattern.js'
import { compileTexts, findText } from '../../../plugins/enforce-tls/rules/text-search.js'
import { setUp, subject, to, when, type RuleSpec } from './rows/row.js'

describe('addresses of messages', () => {
  it('are compared as they are where they can not be normalised', () => {
    assert.equal(comparableDomain('BÜ cher.example'), 'bü cher.example')
    assert.equal(comparableDomain('xn--Ü.EXAMPLE'), 'xn--ü.example')
    assert.equal(comparableLocal('JOSE\u0301'), 'jos\u00e9')
  })
})

describe('addresses of rules', () => {
  it('have an @', () => {
    assert.deepEqual(parseAddress('cfo'), {
      problem: 'has no @',
      expected: 'an address such as cfo@bank.example',
    })
  })
})

describe('services', () => {
  it('are objects', () => {
    for (const json of ['[]', 'null', '7'])
      assert.deepEqual(parseService(json), {
        problem: 'is not an object',
        expected: '{ "enabled": true } or { "enabled": false }',
      })
  })
})

describe('levels and versions', () => {
  it('are ordered', () => {
    assert.equal(stricter('verify', 'encrypt'), 'verify')
    assert.equal(stricter('encrypt', 'verify'), 'verify')
    assert.equal(later('TLSv1.3', 'TLSv1.2'), 'TLSv1.3')
    assert.equal(later('TLSv1.2', 'TLSv1.3'), 'TLSv1.3')
    assert.throws(() => definitionOf('tls' as Level), TypeError)
  })
})

describe('requirements', () => {
  it('that ask for different things on failure: the wider owner’s word counts', () => {
    const of = (owner: string, onFailure?: 'bounce' | 'defer') =>
      requirementOf({ level: 'encrypt', ...(onFailure ? { onFailure } : {}) }, 'a.example', {
        owner,
        id: 'r1',
        name: 'x',
      })
    assert.equal(addUp(of('*', 'defer'), of('a.example', 'bounce'))?.onFailure, 'defer')
    assert.equal(addUp(of('*'), of('a.example', 'bounce'))?.onFailure, 'bounce')
    assert.equal(addUp(of('*'), of('a.example'))?.onFailure, undefined)
  })

  it('are the same where demand and rules are', () => {
    const of = (id: string) => requirementOf({ level: 'encrypt' }, 'a.example', { owner: '*', id, name: 'x' })
    assert.equal(requirementKey(of('r1')), requirementKey(of('r1')))
    assert.notEqual(requirementKey(of('r1')), requirementKey(of('r2')))
    assert.notEqual(requirementKey(null), requirementKey(of('r1')))
  })
})

describe('what partners publish', () => {
  const of = (level: Level, otherwise?: Otherwise) =>
    requirementOf({ level, ...(otherwise ? { otherwise } : {}) }, 'a.example', {
      owner: '*',
      id: 'r1',
      name: 'Rule',
    })

  for (const by of ['dane', 'mta-sts', 'published'] as const) {
    it(`${by} waits by default where nothing is published`, () => {
      const { level, encrypted, trusted, published } = of(by)
      assert.deepEqual({ level, encrypted, trusted }, { level: by, encrypted: true, trusted: false })
      assert.deepEqual(published, [{ by, otherwise: 'defer' }])
    })

    it(`${by} allows mail in the clear only by itself, and where nothing is published`, () => {
      assert.equal(of(by, 'none').encrypted, false)
      assert.equal(of(by, 'encrypt').encrypted, true)
      assert.equal(addUp(of(by, 'none'), of('dane', 'none'))?.encrypted, false)
      for (const other of [of('encrypt'), of('verify'), of('dane', 'encrypt'), of('mta-sts', 'defer')]) {
        assert.equal(addUp(of(by, 'none'), other)?.encrypted, true)
        assert.equal(addUp(other, of(by, 'none'))?.encrypted, true)
      }
    })
  }

  it('adds up: each demand once, also those that differ only in what holds otherwise', () => {
    const sum = addUp(
      addUp(of('dane', 'none'), of('dane', 'defer')),
      addUp(of('dane', 'none'), of('mta-sts')),
    )
    assert.deepEqual(sum?.published, [
      { by: 'dane', otherwise: 'none' },
      { by: 'dane', otherwise: 'defer' },
      { by: 'mta-sts', otherwise: 'defer' },
    ])
  })

  it('goes with other levels: what these ask for stays', () => {
    const sum = addUp(of('verify'), of('dane', 'none'))
    assert.deepEqual(
      [sum?.level, sum?.trusted, sum?.namesHost, sum?.encrypted, sum?.published],
      ['dane', true, true, true, [{ by: 'dane', otherwise: 'none' }]],
    )
  })

  it('is another demand with another otherwise: connections and sessions are not shared', () => {
    const keys = (['defer', 'encrypt', 'none'] as const).map((otherwise) => demandKey(of('dane', otherwise)))
    assert.equal(new Set(keys).size, 3)
    assert.notEqual(demandKey(of('dane')), demandKey(of('published')))
  })
})

describe('owners', () => {
  it('that are not normalised are a mistake of the caller', () => {
    assertOwner('bob@acme.example')
    assert.throws(
      () => assertOwner('ACME.example'),
      /owner ACME\.example is not normalised; expected acme\.example/,
    )
    assert.throws(() => assertOwner('a b'), TypeError)
  })
})

describe('a header block', () => {
  const values = (message: string | Buffer, name: string) =>
    [...new HeaderBlock(message).values(name)].map(({ readings }) =>
      readings.map(({ text }) => text).join('|'),
    )

  it('ends at the first empty line, whatever ends its lines', () => {
    for (const end of ['\r\n', '\n']) {
      const message = ['Subject: one', 'X: two', '', 'Subject: three', ''].join(end)
      assert.deepEqual(values(message, 'subject'), ['one'])
      assert.deepEqual(values(Buffer.from(message), 'X'), ['two'])
    }
    assert.deepEqual(values('\r\nSubject: one', 'subject'), [])
    assert.deepEqual(values('Subject: one', 'subject'), ['one'])
    assert.deepEqual(values('', 'subject'), [])
  })

  it('is told as it is where it can not be decoded', () => {
    assert.deepEqual(values('Subject: =?utf-8?q?a', 'subject'), ['=?utf-8?q?a'])
    assert.deepEqual(values(Buffer.from([0x53, 0x3a, 0xff]), 's'), ['\ufffd|\u00ff'])
    assert.deepEqual(values('Subject: für', 'subject'), ['für'])
  })

  it('of a hostile sender takes no time', () => {
    const started = performance.now()
    for (const piece of ['=?utf-8?q?=41?= ', '=?', ' ', 'a'])
      values(`Subject: ${piece.repeat(250_000 / piece.length)}\r\n\r\n`, 'subject')
    assert.ok(performance.now() - started < 2000)
  })

  it('is asked for only where a rule that is on looks at it', () => {
    const needs = (...rules: RuleSpec[]) => {
      const { entries, groups } = setUp({ what: '', is: '', rules })
      return entries.some((owner) => atOnce(RuleList.compile(owner, groups)).needsHeaders)
    }
    assert.equal(needs(when(to('*'))), false)
    assert.equal(needs(when(to('*')), when(subject('x'))), true)
    assert.equal(needs(when(subject('x'), { enabled: false })), false)
  })
})

describe('words', () => {
  it('are made of hostile texts in no time', () => {
    const started = performance.now()
    for (const piece of ['\u0316\u0300', '\u200b', '\ufdfa', 'a'])
      foldedWords(`a${piece.repeat(200_000 / piece.length)}`)
    assert.ok(performance.now() - started < 5000)
  })
})

describe('a search for many texts', () => {
  it('is one in pieces also where all of them are known from another recipient', () => {
    const reader = new TextReader()
    const texts = Array.from({ length: 3000 }, (_, n) => atOnce(compileTexts([`word ${n}`], reader))).flat()
    const headers = new HeaderBlock('Subject: something else\r\n\r\n')
    assert.equal(atOnce(findText(texts, 'subject', headers)), null)
    assert.ok([...findText(texts, 'subject', headers)].length >= texts.length)
  })
})

describe('what is no rule at all', () => {
  for (const value of [undefined, null, 7, 'rule', Symbol('x'), () => 7])
    it(`${String(value)} is refused`, () => {
      const checked = atOnce(checkRule(value))
      assert.ok('problem' in checked)
      assert.match(checked.problem, /is not of type object$/)
    })
})
