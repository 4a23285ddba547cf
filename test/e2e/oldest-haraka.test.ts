/** The oldest Haraka that the documents promise, from npm: it starts with the plugin, enforces, and follows its settings. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'
import { installHaraka, OLDEST_HARAKA } from '../support/other-haraka.js'
import { HARAKA_UNDER_TEST } from '../support/repository.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

/** A delivery and a bounce, and what else asks most of Haraka itself. */
const FILES = ['e2e/tls-partner', 'e2e/partner-without-starttls', 'e2e/start-refused', 'e2e/report-mode']

it(`Haraka ${OLDEST_HARAKA} does what the one of this repository does`, (t) => {
  const folder = new TemporaryFolder('oldest-haraka')
  t.after(() => folder.close())
  // Not as a part of this run.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_TEST_CONTEXT'))
  const { status, stdout } = spawnSync(process.execPath, [join(__dirname, '..', 'run.js'), ...FILES], {
    env: { ...env, [HARAKA_UNDER_TEST]: installHaraka(folder.path, OLDEST_HARAKA) },
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout)
})
