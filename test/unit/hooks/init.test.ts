/** The check at start, asked of a Haraka whose version is what it is; the rest of it is tried on a real one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HarakaPlugin } from '../../../plugins/enforce-tls/haraka/types.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import { startProblem } from '../../../plugins/enforce-tls/hooks/init.js'

/** A Haraka of which nothing is there but what is asked for its version. */
function harakaOf(version: string): HarakaPlugin {
  return {
    haraka_require: (name: string) => {
      if (name === 'package.json') return { version }
      throw new Error(`asked for ${name}`)
    },
  } as unknown as HarakaPlugin
}

describe('the version of Haraka', () => {
  for (const version of ['2.8.28', '3.0.6', '3.1.7'])
    it(`${version} is too old`, () => {
      assert.equal(
        startProblem(harakaOf(version), toSettings({}).main),
        `Haraka ${version} is too old; use Haraka 3.2 or later`,
      )
    })

  for (const version of ['3.2.0', '3.10.0', '4.0.0', '10.0.0-beta.1'])
    it(`${version} is new enough, so that the rest is checked`, () => {
      assert.match(
        String(startProblem(harakaOf(version), toSettings({}).main)),
        /unknown: asked for plugins;/,
      )
    })
})
