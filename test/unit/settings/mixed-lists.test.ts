/** A list that is given as `key=` and as `key[]=`: half of it would be dropped in silence, so it is refused. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { mixedList } from '../../../plugins/enforce-tls/settings/mixed-lists.js'
import { loadSettings, SettingsError } from '../../../plugins/enforce-tls/settings/settings.js'

const SAYS = (section: string, key: string) =>
  `[${section}] has both ${key}= and ${key}[]=, of which only one would count; write ${key}[]= for each`

describe('a key with and without brackets', () => {
  for (const [lines, problem] of [
    [['[report]', 'to=a@a.example', 'to[]=b@a.example'], SAYS('report', 'to')],
    [['[ report ]', ' to[] = b@a.example', 'every=week', 'to = a@a.example'], SAYS('report', 'to')],
    [['trusted_next_hops[]=/a', 'trusted_next_hops=/b'], SAYS('main', 'trusted_next_hops')],
    [['[alert]', 'to=a@a.example', '[report]', 'to[]=b@a.example'], null],
    [['[report]', '; to=a@a.example', 'to[]=b@a.example', 'to[]=c@a.example'], null],
    // An empty value is none.
    [['[report]', 'to=', 'to[]=b@a.example'], null],
  ] as const)
    it(`in ${JSON.stringify(lines)} is ${problem === null ? 'no problem' : 'refused'}`, () =>
      assert.equal(mixedList(lines), problem))

  it('keeps the settings of a folder from being read, with words', (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mixed-'))
    t.after(() => rmSync(folder, { recursive: true }))
    mkdirSync(path.join(folder, 'config'))
    writeFileSync(
      path.join(folder, 'config', 'enforce-tls.ini'),
      '[report]\nto[]=b@a.example\nto=a@a.example\n',
    )
    assert.throws(() => loadSettings(folder), new SettingsError(`enforce-tls.ini: ${SAYS('report', 'to')}`))
  })
})
