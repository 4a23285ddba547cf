/** What a benchmark ran on, by name and version; what is not installed is said to be missing. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem, type as systemName } from 'node:os'
import { join } from 'node:path'
import { harakaRoot, readManifest, repositoryRoot } from '../support/repository.js'
import { postfixVersion } from './postfix-table.js'

export type Machine = Readonly<Record<string, string>>

export function describeMachine(): Machine {
  const processors = cpus()
  return {
    processor: `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: systemName(),
    node: process.version,
    haraka: readManifest(harakaRoot()).version,
    redis: redisVersion(),
    ioredis: dependencyVersion('ioredis'),
    postfix: postfixVersion() ?? 'not here',
    plugin: readManifest(repositoryRoot()).version,
  }
}

function dependencyVersion(name: string): string {
  const file = join(repositoryRoot(), 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function redisVersion(): string {
  try {
    const said = execFileSync('redis-server', ['--version'], { encoding: 'utf8' })
    return /v=(\S+)/.exec(said)?.[1] ?? said.trim()
  } catch {
    return 'not here'
  }
}
