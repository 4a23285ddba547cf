/**
 * Runs the short form of the end-to-end tests on every version of Node.js and of Haraka that is supported, each
 * installed from npm into a folder of its own. Prints a line for each; exits 1 when one of them fails.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { install, installHaraka, OLDEST_HARAKA } from './support/other-haraka.js'
import { HARAKA_UNDER_TEST } from './support/repository.js'
import { TemporaryFolder } from './support/temporary-folder.js'

/** One end-to-end test of each kind: a delivery, a bounce, the queue, the store, the start, the command, the console. */
const SHORT = [
  'e2e/tls-partner',
  'e2e/partner-without-starttls',
  'e2e/second-mx-host',
  'e2e/recipients-that-differ',
  'e2e/restart',
  'e2e/rule-switched-on',
  'e2e/other-queue-plugins',
  'e2e/incoming-mail',
  'e2e/report-mode',
  'e2e/tls-resumption',
  'e2e/connection-reuse',
  'e2e/start-refused',
  'e2e/partner-check',
  'e2e/console',
  'e2e/requiretls-chain',
]
const NODES = ['22', '24', '26']
const HARAKAS = [OLDEST_HARAKA, '3.3.1', '3.3.3']

interface Pair {
  readonly name: string
  readonly node: string
  readonly haraka?: string
}

function pairs(folder: string): Pair[] {
  const nodePackage = `node-${process.platform}-${process.arch}`
  return [
    ...NODES.map((version) => ({
      name: `Node.js ${version}`,
      node: join(
        install(join(folder, `node-${version}`), `${nodePackage}@${version}`),
        nodePackage,
        'bin/node',
      ),
    })),
    ...HARAKAS.map((version) => ({
      name: `Haraka ${version}`,
      node: process.execPath,
      haraka: installHaraka(folder, version),
    })),
  ]
}

function passes({ node, haraka }: Pair): boolean {
  const env = haraka === undefined ? process.env : { ...process.env, [HARAKA_UNDER_TEST]: haraka }
  return spawnSync(node, [join(__dirname, 'run.js'), ...SHORT], { env, stdio: 'inherit' }).status === 0
}

const folder = new TemporaryFolder('versions')
try {
  const results = pairs(folder.path).map((pair) => [pair.name, passes(pair)] as const)
  for (const [name, passed] of results) console.log(`${name}: ${passed ? 'passed' : 'FAILED'}`)
  if (results.some(([, passed]) => !passed)) process.exitCode = 1
} finally {
  folder.close()
}
