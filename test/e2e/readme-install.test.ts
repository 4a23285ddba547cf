import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { installedPackage } from '../support/installed-package.js'
import { startRedis } from '../support/redis-server.js'
import { repositoryRoot } from '../support/repository.js'
import { runToEnd } from '../support/watched-process.js'

/** The words of the commands for the first rule in the README, without `npx enforce-tls`. */
function firstCommands(): string[][] {
  const readme = readFileSync(join(repositoryRoot(), 'README.md'), 'utf8')
  const [, block = ''] = /^Start Haraka, and make the first rule[^]*?```sh\n([^]*?)```/m.exec(readme) ?? []
  return block
    .trim()
    .split('\n')
    .map((line) =>
      [...line.replace('npx enforce-tls ', '').matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, word]) => quoted ?? word ?? '',
      ),
    )
}

it('the commands of the README make the first rule in a folder without settings of the plugin', async () => {
  await using redis = await startRedis()
  await using haraka = await startHaraka({ config: { 'redis.ini': `[server]\nport=${redis.port}\n` } })
  const { bin } = await installedPackage()
  const run = (words: readonly string[]) =>
    runToEnd(process.execPath, [bin, ...words], { cwd: haraka.folder })
  let id = ''
  const commands = firstCommands()
  assert.equal(commands.length, 3)
  for (const words of commands) {
    const said = await run(words.map((word) => (word === '<id>' ? id : word)))
    id = /^Created rule (\S+) /.exec(said)?.[1] ?? id
  }
  assert.match(await redis.cli('HGET', 'enforce-tls:rules:acme.example', id), /"enabled":true/)
  assert.match(await run(['status']), /^ *problems +0$/m)
})
