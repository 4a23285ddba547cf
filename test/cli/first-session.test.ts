/** The first session in the documents is what the command says, word for word. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { repositoryRoot } from '../support/repository.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { inProcess } from './enforce-tls.js'

const DOCUMENT = path.join(repositoryRoot(), 'plugins/enforce-tls/cli/README.md')
/** What differs from run to run: times of the history. */
const TIMES = /\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d/g

it('the first session of cli/README.md is what the command says', async (t) => {
  const folder = new TemporaryFolder('cli')
  t.after(() => folder.close())
  mkdirSync(path.join(folder.path, 'config'))
  writeFileSync(path.join(folder.path, 'config/plugins'), 'enforce-tls\n')
  writeFileSync(path.join(folder.path, 'config/enforce-tls.ini'), '[store]\ntype=file\n')

  const [, session = ''] = /\n## A first session\n([^]*?)\n## /.exec(readFileSync(DOCUMENT, 'utf8')) ?? []
  const written = [...session.matchAll(/```console\n([^]*?)```/g)].map(([, block = '']) => block).join('\n')
  const [writtenId = ''] = /(?<=Created rule )\S+/.exec(written) ?? []
  const commands = [...written.matchAll(/^\$ enforce-tls (.+)$/gm)].map(([, line = '']) => line)
  assert.ok(commands.length >= 9)

  let id = writtenId
  const said: string[] = []
  for (const line of commands) {
    const words = line.replaceAll(writtenId, id).match(/"[^"]*"|\S+/g) ?? []
    const args = words.map((word) => word.replaceAll('"', ''))
    const { code, stdout, stderr } = await inProcess(args, {
      cwd: folder.path,
      env: { ENFORCE_TLS_USER: 'ann@helpdesk' },
    })
    assert.equal(code, 0, stderr)
    id = /(?<=Created rule )\S+/.exec(stdout)?.[0] ?? id
    said.push(`$ enforce-tls ${line}\n${stderr}${stdout.replaceAll(id, writtenId)}`)
  }
  assert.equal(said.join('\n').replace(TIMES, '…'), written.replace(TIMES, '…'))
})
