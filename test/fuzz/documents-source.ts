/** Imports and exports random and largest documents with the command, and the same sizes over the API. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { installedPackage } from '../support/installed-package.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { FUZZ_DOMAINS, FUZZ_GROUPS, largestRule, randomDocument } from './entries.js'
import type { Hostile } from './hostile.js'
import { request } from './http.js'
import { again, pause, type Stage } from './stage.js'

const COMMAND_TIME = 120_000

export async function fuzzDocuments(stage: Stage, hostile: Hostile): Promise<void> {
  await using folder = new TemporaryFolder('fuzz')
  const { bin } = await installedPackage()
  const file = join(folder.path, 'document.json')
  const command = async (...words: readonly string[]): Promise<void> => {
    const { code, said } = await ran(bin, [...words, '--config', stage.haraka.folder])
    // 0 done, 1 refused, 2 wrong use, and so on: what must not be is a crash.
    if (code === null || /\n\s+at \S+.*:\d+:\d+\)?$/m.test(said))
      stage.ledger.violated(
        `the command ${words.join(' ')} crashed (${String(code)}): ${said.slice(0, 2000)}`,
        {
          kind: `command ${words[0] ?? ''}`,
        },
      )
  }
  await again(stage, async () => {
    await hostile.one(
      async () => {
        const document = randomDocument(hostile)
        stage.ledger.note('documents', document)
        writeFileSync(file, document)
        const owner = hostile.pick(FUZZ_DOMAINS)
        // Never all of the store: what every fuzz relies on is in it.
        await command('import', file, '--yes', ...(hostile.once(2) ? ['--owner', owner, '--replace'] : []))
      },
      async () => {
        const words = hostile.once(2) ? ['export'] : ['export', hostile.pick(FUZZ_DOMAINS)]
        stage.ledger.note('documents', words)
        await command(...words)
      },
      async () => {
        stage.ledger.note('documents', 'a large group and its read')
        const patterns = hostile.list(hostile.pick([1000, 20_000, 45_000]), (index) => `p${index}.example`)
        const name = hostile.pick(FUZZ_GROUPS)
        await api(stage, 'PUT', `groups/${name}`, { patterns })
        await api(stage, 'GET', `groups/${name}`)
      },
      async () => {
        stage.ledger.note('documents', 'a large rule and its read')
        const owner = hostile.pick(FUZZ_DOMAINS)
        await api(stage, 'POST', `owners/${owner}/rules`, { rule: largestRule(hostile) })
        await api(stage, 'GET', `owners/${owner}/rules`)
      },
    )
    await pause(hostile.between(0, 1000))
  })
}

async function api(stage: Stage, method: string, path: string, body?: unknown): Promise<void> {
  const headers = {
    authorization: `Bearer ${stage.tokens.admin}`,
    'content-type': 'application/json',
    'if-none-match': '*',
  }
  await request(stage, { method, path, headers, body: body === undefined ? '' : JSON.stringify(body) })
}

function ran(bin: string, words: readonly string[]): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      bin,
      words,
      { timeout: COMMAND_TIME, killSignal: 'SIGKILL', maxBuffer: 512 * 1024 * 1024 },
      (_error, _stdout, stderr) => resolve({ code: child.exitCode, said: stderr }),
    )
    child.stdin?.end()
  })
}
