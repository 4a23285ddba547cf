/** The types of the settings say of every key its default, as the code has it, and of every number its unit. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import ts from 'typescript'
import { KEYS, toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import { repositoryRoot } from '../../support/repository.js'

/** A property of a type, with the comment before it. */
interface Documented {
  readonly name: string
  readonly type: string
  readonly comment: string
}

/** The properties of an interface. */
function membersOf(file: string, name: string): readonly ts.PropertySignature[] {
  const path = join(repositoryRoot(), 'plugins', 'enforce-tls', 'settings', file)
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((each) => each.name.text === name)
  assert.ok(found, name)
  return found.members.filter(ts.isPropertySignature)
}

function documented(members: Iterable<ts.TypeElement>): Documented[] {
  return [...members].filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(),
    type: member.type?.getText() ?? '',
    comment: member.getFullText(),
  }))
}

const sections: Record<string, Documented[]> = {
  ...Object.fromEntries(
    membersOf('types.ts', 'Settings').flatMap(({ name, type }) =>
      type && ts.isTypeLiteralNode(type) ? [[name.getText(), documented(type.members)]] : [],
    ),
  ),
  store: documented(membersOf('types.ts', 'StoreSettings')),
  requiretls: documented(membersOf('requiretls.ts', 'RequireTlsSettings')),
  redis: documented(membersOf('redis.ts', 'RedisSettings')).filter(({ name }) => name !== 'inherited'),
}
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Defaults that are said in words, because the value alone would not say it. */
const IN_WORDS: Readonly<Record<string, string>> = {
  'dns.resolver': 'the loopback ones of resolv.conf',
  'metrics.allow': 'loopback',
  'alert.from': "MAILER-DAEMON at Haraka's own name",
  'report.from': "MAILER-DAEMON at Haraka's own name",
  'redis.db': '0',
  'redis.tls': 'false',
  'redis.tlsCa': 'those of Node.js',
  'redis.tlsServername': 'the host that is connected to',
}
/** Numbers without a unit: they are no amounts. */
const NUMBERS = ['redis.port', 'redis.db']

describe('the types of the settings', () => {
  it('have every key', () => {
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(sections).map(([name, keys]) => [
          snake(name),
          keys.map((key) => snake(key.name)).sort(),
        ]),
      ),
      Object.fromEntries(Object.entries(KEYS).map(([name, keys]) => [name, Object.keys(keys).sort()])),
    )
  })

  const settings = toSettings({}) as unknown as Record<
    string,
    Record<string, string | number | boolean | readonly string[] | undefined>
  >
  for (const [section, keys] of Object.entries(sections))
    for (const { name, type, comment } of keys) {
      const key = `${section}.${name}`
      const value = settings[section]?.[name]
      it(`say what ${key} is without a line in the file`, () => {
        const said = /@default (.+?)(?: \*\/|\n)/.exec(comment)?.[1]
        const empty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
        if (IN_WORDS[key] !== undefined) assert.equal(said, IN_WORDS[key])
        else if (empty) assert.match(said ?? 'none', /^(?:none|nobody)$/)
        else assert.equal(said, String(value))
      })
      if (type === 'number' && !NUMBERS.includes(key))
        it(`say in what ${key} is measured`, () => {
          assert.match(
            comment,
            /in (?:milli)?seconds|[Mm]ost (?:owners|entries|messages|connections|partners)|how many deliveries/,
          )
        })
    }
})
