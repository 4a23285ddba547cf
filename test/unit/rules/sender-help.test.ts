/** Whom senders can ask, as it stands beside a domain's switch: what is taken, what is left out, and what it never changes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { documentProblems } from '../../../plugins/enforce-tls/admin/import-plan.js'
import { emptyDocument } from '../../../plugins/enforce-tls/store/rules-document.js'
import { parseService } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import {
  checkContact,
  checkLanguage,
  checkLink,
  readSenderHelp,
} from '../../../plugins/enforce-tls/rules/sender-help.js'

const LATIN = 'field language is not a language that bounces are written in'

describe('whom senders can ask', () => {
  for (const contact of ['help@acme.example', 'https://help.acme.example/', 'IT-Büro, Durchwahl 4711'])
    it(`may be ${contact}`, () => assert.deepEqual(checkContact(` ${contact} `), { value: contact }))

  for (const [what, contact] of [
    ['two lines', 'a\nb'],
    ['a line separator', 'a\u2028b'],
    ['text that turns round', 'a\u202eb'],
    ['nothing', ' '],
    ['too much', 'a'.repeat(201)],
  ] as const)
    it(`may not be ${what}`, () => assert.ok('problem' in checkContact(contact)))

  for (const [link, stored] of [
    ['https://acme.example/tls', 'https://acme.example/tls'],
    ['HTTPS://bücher.example/a "b"', 'https://xn--bcher-kva.example/a%20%22b%22'],
  ] as const)
    it(`has a link to ${link}`, () => assert.deepEqual(checkLink(link), { value: stored }))

  for (const link of [
    'http://acme.example/',
    'javascript:alert(1)',
    'https:acme.example',
    'https://',
    'https://user:secret@acme.example/',
    `https://acme.example/${'a'.repeat(500)}`,
    'acme.example',
  ])
    it(`has no link to ${link.slice(0, 40)}`, () => assert.ok('problem' in checkLink(link)))

  it('has a language of those that bounces have, and says which one is meant', () => {
    assert.deepEqual(checkLanguage(' DE '), { value: 'de' })
    const flaw = checkLanguage('de-AT')
    assert.deepEqual('problem' in flaw && [flaw.expected, flaw.suggestion], [
      'one of en, de, fr, es, it, nl',
      ['de'],
    ])
    assert.deepEqual(readSenderHelp('{"enabled":true,"language":"fr"}').help.language, 'fr')
  })

  for (const [what, more, flaws] of [
    ['a contact that is a number', { contact: 4711 }, ['field contact is not a text']],
    ['a link that is none', { link: 'http://acme.example' }, ['field link is not a link']],
    ['a language that bounces do not have', { language: 'la' }, [LATIN]],
    ['languages', { language: ['de'] }, ['field language is not a text']],
    ['nothing', {}, []],
  ] as const)
    it(`beside a switch leaves it as it is: ${what}`, () => {
      const entry = JSON.stringify({ enabled: true, ...more })
      assert.deepEqual(parseService(entry), { enabled: true })
      const { help, flaws: found } = readSenderHelp(entry)
      assert.deepEqual(help, { contact: null, link: null, language: null })
      assert.deepEqual(
        found.map(({ problem }) => problem),
        flaws,
      )
    })

  it('is in a document only as it may be set', () => {
    const problemsOf = (entry: object): readonly string[] => {
      const document = emptyDocument()
      document.domains.set('acme.example', JSON.stringify(entry))
      return documentProblems(document, new Map(), false)
    }
    assert.deepEqual(
      problemsOf({ enabled: true, contact: 'IT', link: 'https://acme.example/', other: 1 }),
      [],
    )
    const [problem = 'none'] = problemsOf({ enabled: true, link: 'http://acme.example/' })
    assert.match(problem, /acme\.example.*: field link is not a link; expected: an https/)
  })

  it('is nobody in an entry that is broken', () => {
    for (const entry of [null, '', '{', '[]', '"x"', 'null'])
      assert.deepEqual(readSenderHelp(entry), {
        help: { contact: null, link: null, language: null },
        flaws: [],
      })
  })
})
