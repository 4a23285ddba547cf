/** What several servers are asked for agrees with their number in every language, in both verbs of a sentence. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TEXTS } from '../../../../plugins/enforce-tls/delivery/bounce/texts/all.js'
import type { Request } from '../../../../plugins/enforce-tls/delivery/bounce/texts/types.js'

const request = (hosts: readonly string[]): Request => ({
  hosts,
  domain: 'clinic.example',
  version: 'TLSv1.2',
  certificateName: 'host',
  agreedAuthority: false,
})

describe('what the administrators of several servers are asked', () => {
  for (const [language, refusedByOne, refusedByTwo, showsOne, showsTwo] of [
    ['en', 'but rejects the', 'but reject the', 'presents.', 'present.'],
    ['de', 'lehnt den Befehl', 'lehnen den Befehl', 'vorlegt.', 'vorlegen.'],
    ['fr', 'mais rejette la', 'mais rejettent la', 'que présente mx1', 'que présentent mx1'],
    ['es', 'pero rechaza el', 'pero rechazan el', 'que presenta mx1', 'que presentan mx1'],
    ['it', 'ma rifiuta il', 'ma rifiutano il', 'presentato da mx1', 'presentato da mx1'],
    ['nl', 'maar weigert de', 'maar weigeren de', 'presenteert.', 'presenteren.'],
  ] as const)
    it(`has the plural in ${language}`, () => {
      const { failures } = TEXTS[language]
      for (const [hosts, refused, shows] of [
        [['mx1.clinic.example'], refusedByOne, showsOne],
        [['mx1.clinic.example', 'mx2.clinic.example'], refusedByTwo, showsTwo],
      ] as const) {
        const ask = (failure: 'starttls-refused' | 'tlsa-invalid') => failures[failure].ask?.(request(hosts))
        assert.ok(ask('starttls-refused')?.includes(refused), ask('starttls-refused'))
        assert.ok(ask('tlsa-invalid')?.includes(shows), ask('tlsa-invalid'))
      }
    })
})
