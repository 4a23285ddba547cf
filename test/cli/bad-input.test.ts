import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { RulesFile } from './enforce-tls.js'

interface Row {
  readonly what: string
  readonly args: readonly string[]
  readonly code: 1 | 2
  readonly says: RegExp
}

const to = (pattern: string) => ['rule', 'create', 'acme.example', 'Bank', '--to', pattern]
const named = (name: string) => ['rule', 'create', 'acme.example', name, '--to', 'bank.example']
const ownedBy = (owner: string) => ['rule', 'create', owner, 'Bank', '--to', 'bank.example']
const bank = (...options: string[]) => [...to('bank.example'), ...options]
/** About the longest argument that Linux passes to a program. */
const HUGE = 'x'.repeat(120_000)

const ROWS: readonly Row[] = [
  {
    what: 'a word that --require-onward takes away',
    args: ['rule', 'create', '--require-onward', 'acme.example', 'Bank', '--to', 'bank.example'],
    code: 2,
    says: /--require-onward was given the value "acme\.example"; expected: offered or must; where that is not meant for it, put it behind all other words, or write it with its value, as in --require-onward=must/,
  },
  {
    what: 'a misspelt --require-onward',
    args: bank('--require-onward', 'offerd'),
    code: 2,
    says: /expected: offered or must; did you mean "offered"\?/,
  },
  {
    what: 'an option that has no meaning at the level',
    args: bank('--level', 'none', '--require-onward', 'must'),
    code: 1,
    says: /--require-onward has no meaning at level none, which requires no TLS\n/,
  },
  {
    what: 'names that have no meaning at the level',
    args: bank('--cert-name', 'mx.bank.example'),
    code: 1,
    says: /--cert-name has no meaning at level encrypt; it is for level secure\n/,
  },
  {
    what: '--require-onward beside its opposite',
    args: ['rule', 'edit', 'acme.example', 'r1', '--require-onward', 'must', '--no-require-onward'],
    code: 2,
    says: /option '--no-require-onward' cannot be used with option '--require-onward'|option '--require-onward' cannot be used with option '--no-require-onward'/,
  },
  {
    what: '--language beside its opposite, the other way round',
    args: ['domain', 'set', 'acme.example', '--no-language', '--language', 'de'],
    code: 2,
    says: /'--language' cannot be used with option '--no-language'/,
  },
  {
    what: 'an empty domain',
    args: ['domain', 'enable', ''],
    code: 1,
    says: /domain "" is empty; expected: a sending domain, such as acme\.example/,
  },
  {
    what: 'a huge domain',
    args: ['domain', 'enable', HUGE],
    code: 1,
    says: /domain "x{77}\.\.\." is longer than 253 .*; expected: a sending domain/,
  },
  {
    what: 'an empty partner',
    args: ['check', ''],
    code: 2,
    says: /partner "" is empty; expected: a domain, an address or group:<name>/,
  },
  {
    what: 'a time that is none, whatever else is missing',
    args: ['trace', '--since', 'yesterday'],
    code: 2,
    says: /--since "yesterday" is not a time/,
  },
  { what: 'an empty name', args: named(''), code: 1, says: /name is empty; expected: a few words/ },
  { what: 'a blank name', args: named('  '), code: 1, says: /name is only white space; expected: a name/ },
  {
    what: 'a huge name',
    args: named(HUGE),
    code: 1,
    says: /name "x{77}\.\.\." is longer than 200 characters/,
  },
  {
    what: 'a name of two lines',
    args: named('a\nb'),
    code: 1,
    says: /name "a\\nb" contains .* a line break/,
  },
  {
    what: 'a name with an escape',
    args: named('a\x1b[2Jb'),
    code: 1,
    says: /name "a\\u001b\[2Jb" contains a control/,
  },

  { what: 'two dots', args: to('bank..example'), code: 1, says: /--to "bank\.\.example" has an empty label/ },
  {
    what: 'a blank inside',
    args: to('bank example'),
    code: 1,
    says: /--to "bank example" contains white space/,
  },
  {
    what: 'an endless domain',
    args: to('a.'.repeat(150) + 'bc'),
    code: 1,
    says: /--to "a\.a\..*" is longer than 253/,
  },
  {
    what: 'an address literal',
    args: to('[192.0.2.1]'),
    code: 1,
    says: /--to "\[192\.0\.2\.1\]" is an IP address/,
  },
  { what: 'an IP address', args: to('192.0.2.1'), code: 1, says: /--to "192\.0\.2\.1" is an IP address/ },
  {
    what: 'a display name',
    args: to('Bank <cfo@bank.example>'),
    code: 1,
    says: /--to "Bank <cfo@bank\.example>" is a display name .* cfo@bank\.example/,
  },
  {
    what: 'an unknown kind of pattern',
    args: to('group:banks'),
    code: 1,
    says: /--to "group:banks" names a group that does not exist; write it anew with: enforce-tls group set banks /,
  },
  { what: 'an empty --to', args: to(''), code: 1, says: /--to is empty; expected: bank\.example/ },
  {
    what: 'one bad pattern among good ones',
    args: [...to('bank.example'), 'other.example', 'bank@'],
    code: 1,
    says: /--to "bank@" has a domain that is empty/,
  },

  {
    what: 'an unknown level',
    args: bank('--level', 'max'),
    code: 1,
    says: /--level "max" is not one of none, encrypt/,
  },
  {
    what: 'an outdated TLS version',
    args: bank('--min-version', 'TLSv1.0'),
    code: 1,
    says: /--min-version "TLSv1\.0" is not one of TLSv1\.2, TLSv1\.3/,
  },
  {
    what: 'an unknown direction',
    args: bank('--direction', 'up'),
    code: 1,
    says: /--direction "up" is not one of outgoing, incoming/,
  },

  {
    what: 'an owner with two dots',
    args: ownedBy('acme..example'),
    code: 1,
    says: /owner "acme\.\.example" has an empty/,
  },
  {
    what: 'an empty owner',
    args: ownedBy(''),
    code: 1,
    says: /owner "" is empty; expected: \* \(the whole service\)/,
  },
  {
    what: 'an owner without domain',
    args: ownedBy('bob@'),
    code: 1,
    says: /owner "bob@" has a domain that is empty/,
  },
  {
    what: 'a domain that message rules are switched off for',
    args: ownedBy('other.example'),
    code: 1,
    says: /message rules are switched off for other\.example.*\n {2}enforce-tls domain enable other\.example --file \S+rules\.json\n/,
  },
  {
    what: 'a sender whose domain has them switched off',
    args: ownedBy('bob@other.example'),
    code: 1,
    says: /message rules are switched off for other\.example.*mail from bob@other\.example/,
  },

  {
    what: 'an unknown id',
    args: ['rule', 'enable', 'acme.example', 'nope'],
    code: 1,
    says: /no rule "nope"; .*\b\w{10}\b/,
  },
  {
    what: 'deleting nothing',
    args: ['rule', 'delete', 'acme.example', 'nope'],
    code: 1,
    says: /acme\.example has no rule "nope"/,
  },
  {
    what: 'showing nothing',
    args: ['rule', 'show', '*', 'nope'],
    code: 1,
    says: /^enforce-tls: \* has no rules$/m,
  },
  {
    what: 'a service of nonsense',
    args: ['domain', 'enable', 'a b'],
    code: 1,
    says: /domain "a b" contains white space/,
  },
  {
    what: 'a service of an address',
    args: ['domain', 'enable', 'a@b.example'],
    code: 1,
    says: /"a@b\.example" is an address, and a domain is expected; use b\.example/,
  },
  {
    what: 'a service of everybody',
    args: ['domain', 'enable', '*'],
    code: 1,
    says: /rules of \* always act/,
  },

  {
    what: 'a rule without criteria',
    args: ['rule', 'create', 'acme.example', 'Bank'],
    code: 2,
    says: /say which mail the rule is for, with one or more of --to, --from, --subject, --header/,
  },
  {
    what: 'a --to without value',
    args: ['rule', 'create', 'acme.example', 'Bank', '--to'],
    code: 2,
    says: /'--to <pattern\.\.\.>' argument missing/,
  },
  {
    what: 'a missing argument',
    args: ['domain', 'enable'],
    code: 2,
    says: /missing required argument 'domain'\n {2}enforce-tls domain enable --help/,
  },
  {
    what: 'one argument too many',
    args: ['domain', 'enable', 'a.example', 'b.example'],
    code: 2,
    says: /too many arguments/,
  },
  {
    what: 'an unknown option',
    args: bank('--levle', 'encrypt'),
    code: 2,
    says: /unknown option '--levle' \(Did you mean --level\?\)/,
  },
  {
    what: 'an unknown subcommand',
    args: ['rule', 'creat'],
    code: 2,
    says: /unknown command 'creat' \(Did you mean create\?\)\n {2}enforce-tls rule --help/,
  },
  {
    what: 'an unknown command',
    args: ['rules'],
    code: 2,
    says: /unknown command 'rules' \(Did you mean rule\?\)/,
  },
  {
    what: 'an option with an escape',
    args: bank('--x\x1b[2J'),
    code: 2,
    says: /unknown option '--x\\u001b\[2J'/,
  },
]

describe('bad input is refused in words, and nothing is written', { concurrency: 4 }, () => {
  let rulesFile: RulesFile
  let content: string | null
  before(async () => {
    rulesFile = await RulesFile.open('acme.example')
    await rulesFile.createRule('acme.example', 'First', '--to', 'first.example')
    content = await rulesFile.content()
  })
  after(() => rulesFile.close())

  for (const [index, { what, args, code, says }] of ROWS.entries()) {
    it(what, async () => {
      const ran = await rulesFile.run(...args, ...(index % 2 ? ['--json'] : []))
      assert.equal(ran.code, code, ran.stderr)
      assert.match(ran.stderr, says)
      assert.match(ran.stderr, /^enforce-tls: /)
      assert.ok(ran.stderr.length < 1000, 'the message is short')
      assert.doesNotMatch(ran.stderr, /\n\s+at /)
      assert.equal(ran.stdout, '')
      assert.equal(await rulesFile.content(), content)
    })
  }
})
