import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { it } from 'node:test'
import { fileProblem } from '../../plugins/enforce-tls/store/file/errors.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

it('a missing file is not a missing folder', async () => {
  await using folder = new TemporaryFolder('file-problem')
  const said = (work: Promise<unknown>) => work.then(() => '', fileProblem)
  assert.equal(
    await said(readFile(path.join(folder.path, 'none'))),
    'does not exist; check the path (ENOENT)',
  )
  const inside = path.join(folder.path, 'none', 'file')
  for (const work of [readFile(inside), writeFile(inside, '')])
    assert.match(await said(work), /^is in a folder that does not exist; create the folder/)
})
