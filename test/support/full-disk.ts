/**
 * A disk that has no room for new queue files while a switch is on: a module that Haraka's process loads
 * first, and that lets the opening of a queue file fail as the system would.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { TemporaryFolder } from './temporary-folder.js'

/** The switch, and the environment that loads the module. */
export interface FullDisk extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv
  fill(): void
  clear(): void
}

const SOURCE = `
const fs = require('node:fs')
const full = (file) => String(file).includes('/queue/__tmp__') && fs.existsSync(process.env.TEST_DISK_IS_FULL)
const noSpace = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
const { open } = fs
fs.open = (file, ...rest) => (full(file) ? process.nextTick(rest.at(-1), noSpace()) : open(file, ...rest))
const openPromise = fs.promises.open
fs.promises.open = async (file, ...rest) => {
  if (full(file)) throw noSpace()
  return openPromise(file, ...rest)
}
`

/** Makes one; the disk has room at first. */
export function fullDisk(): FullDisk {
  const folder = new TemporaryFolder('disk')
  const module = path.join(folder.path, 'full-disk.cjs')
  const flag = path.join(folder.path, 'full')
  writeFileSync(module, SOURCE)
  return {
    env: { NODE_OPTIONS: `--require=${module}`, TEST_DISK_IS_FULL: flag },
    fill: () => writeFileSync(flag, ''),
    clear: () => {
      if (existsSync(flag)) rmSync(flag)
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
