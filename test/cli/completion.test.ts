import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import path from 'node:path'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { runToEnd } from '../support/watched-process.js'
import { enforceTls, inProcess, RulesFile } from './enforce-tls.js'

let rulesFile: RulesFile
let id: string
before(async () => {
  rulesFile = await RulesFile.open('acme.example')
  await rulesFile.done('group', 'set', 'banks', 'bank.example')
  id = (await rulesFile.createRule('bob@acme.example', 'Bank', '--to', 'bank.example')).id
})
after(() => rulesFile.close())

describe('what completion offers', () => {
  const ROWS: readonly (readonly [words: readonly string[], found: () => readonly string[]])[] = [
    [['ru'], () => ['rule']],
    [['rule', 'e'], () => ['edit', 'enable']],
    [['rule', 'list', ''], () => ['*', 'acme.example', 'bob@acme.example']],
    [['rule', 'list', 'bob@'], () => ['bob@acme.example']],
    [['rule', 'show', 'bob@acme.example', ''], () => [id]],
    [['rule', 'show', 'BOB@ACME.example', ''], () => [id]],
    [['rule', 'move', 'bob@acme.example', 'x', '--before', ''], () => [id]],
    [['rule', 'show', 'acme.example', ''], () => []],
    [['rule', 'move', '--b'], () => ['--before', '--bottom']],
    [['domain', 'enable', 'a'], () => ['acme.example']],
    [['import', 'x.json', '--owner', 'a'], () => ['acme.example']],
    [['completion', ''], () => ['bash', 'zsh']],
    [['export', '--fi'], () => ['--file']],
    [['check', 'gr'], () => ['group:banks']],
    [['check', 'a.example', ''], () => ['group:banks']],
    [['check', 'a.example', '--level', 's'], () => ['secure']],
    [['rule', 'create', 'acme.example', 'x', '--level', 'd'], () => ['dane', 'dane-only']],
    [['rule', 'edit', 'acme.example', 'x', '--otherwise', ''], () => ['defer', 'encrypt', 'none']],
    [['rule', 'edit', 'acme.example', 'x', '--no-o'], () => ['--no-on-failure', '--no-otherwise']],
    [['check', 'a.example', '--con'], () => ['--concurrency', '--config']],
    [['nonsense', 'x'], () => []],
  ]
  for (const [words, found] of ROWS) {
    it(`after enforce-tls ${words.join(' ')}`, async () => {
      const first = words.slice(0, -1)
      const { code, stdout, stderr } = await inProcess([
        '__complete',
        '--',
        '--file',
        rulesFile.file,
        ...first,
        words.at(-1) ?? '',
      ])
      assert.deepEqual([code, stderr, stdout.split('\n').slice(0, -1)], [0, '', found()])
    })
  }

  it('is nothing, without a word, where no store can be read', async () => {
    const words = ['__complete', '--', '--redis', 'redis://127.0.0.1:1', 'rule', 'list', '']
    assert.deepEqual(await inProcess(words), { code: 0, stdout: '', stderr: '' })
  })

  it('has commands only where nothing is typed, the hidden one not among them', async () => {
    const { stdout } = await inProcess(['__complete', '--', ''])
    assert.match(stdout, /^check\ncompletion\nconsole\ndomain\nexplain\n/)
    assert.doesNotMatch(stdout, /__/)
  })
})

describe('the script for bash', () => {
  const folder = new TemporaryFolder('completion')
  after(() => folder.close())
  before(async () => {
    const main = path.resolve(__dirname, '../../plugins/enforce-tls/cli/main.js')
    writeFileSync(
      path.join(folder.path, 'enforce-tls'),
      `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`,
    )
    chmodSync(path.join(folder.path, 'enforce-tls'), 0o755)
    const { code, stdout } = await enforceTls(['completion', 'bash'])
    assert.equal(code, 0)
    writeFileSync(path.join(folder.path, 'script'), stdout)
  })

  /** What bash would insert after this line. */
  async function completed(line: string): Promise<string[]> {
    const script = `PATH="$1:$PATH"; source "$1/script"; COMP_LINE="$2" COMP_POINT=\${#2}; _enforce_tls; printf '%s\\n' "\${COMPREPLY[@]}"`
    const printed = await runToEnd('bash', ['-c', script, 'bash', folder.path, line])
    return printed.split('\n').filter((word) => word !== '')
  }

  it('completes commands', async () => {
    assert.deepEqual(await completed('enforce-tls rule m'), ['move'])
  })

  it('completes an owner behind its @, where bash begins a new word', async () => {
    const line = `enforce-tls --file ${rulesFile.file} rule list`
    assert.deepEqual(await completed(`${line} bob@`), ['acme.example'])
    assert.deepEqual(await completed(`${line} `), ['\\*', 'acme.example', 'bob@acme.example'])
  })

  it('asks the program by the path that is typed', async () => {
    assert.deepEqual(await completed(`${folder.path}/enforce-tls rule m`), ['move'])
    assert.deepEqual(await completed(`${folder.path}/other rule m`), [])
  })

  it('works where the command is there for npx alone, and fetches nothing', async () => {
    const project = path.join(folder.path, 'project')
    mkdirSync(path.join(project, 'node_modules/.bin'), { recursive: true })
    writeFileSync(path.join(project, 'package.json'), '{}')
    const line = `npx enforce-tls --file ${rulesFile.file} rule list bob@`
    let requests = 0
    await using registry = createServer((_request, response) => {
      requests++
      response.writeHead(404).end('{}')
    })
    await once(registry.listen(0, '127.0.0.1'), 'listening')
    const { port } = registry.address() as AddressInfo
    const script = `cd "$1/project"; source ../script; export npm_config_registry=http://127.0.0.1:${port}/
      export npm_config_cache="$PWD/cache"; COMP_LINE="$2" COMP_POINT=\${#2}; _enforce_tls; printf '%s\\n' "\${COMPREPLY[@]}"`
    const words = () => runToEnd('bash', ['-c', script, 'bash', folder.path, line])
    assert.equal((await words()).trim(), '')
    assert.equal(requests, 0)
    copyFileSync(path.join(folder.path, 'enforce-tls'), path.join(project, 'node_modules/.bin/enforce-tls'))
    assert.equal((await words()).trim(), 'acme.example')
  })

  it('leaves all else that npx runs alone', async () => {
    assert.deepEqual(await completed('npx prettier --ch'), [])
  })

  it('understands what is quoted', async () => {
    const line = `enforce-tls --file '${rulesFile.file}' rule show "bob@acme.example" `
    assert.deepEqual(await completed(line), [id])
  })
})

describe('the completion command', () => {
  it('prints a script for zsh', async () => {
    const { code, stdout } = await enforceTls(['completion', 'zsh'])
    assert.equal(code, 0)
    assert.match(stdout, /^#compdef enforce-tls npx\n/)
    assert.match(stdout, /\$\{\(@Q\)words\[at\+1,CURRENT\]\}/)
  })

  it('refuses other shells', async () => {
    const { code, stderr } = await enforceTls(['completion', 'fish'])
    assert.equal(code, 2)
    assert.match(stderr, /Allowed choices are bash, zsh/)
  })
})
