/** The documents: links lead somewhere, files that they name are there, and what they link to is in the package. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { FAILURE_CLASS_NAMES } from '../../plugins/enforce-tls/delivery/failure-classes.js'
import { Metrics } from '../../plugins/enforce-tls/observe/metrics/metrics.js'
import { LEVEL_NAMES } from '../../plugins/enforce-tls/rules/levels.js'
import { packedPackage } from '../support/packed-package.js'
import { repositoryRoot } from '../support/repository.js'

const ROOT = repositoryRoot()
const INSIDE = 'plugins/enforce-tls'
const DOCUMENTS = [
  ...readdirSync(ROOT),
  ...['config', 'plugins', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  ),
].filter((file) => file.endsWith('.md'))

const read = (document: string) => readFileSync(join(ROOT, document), 'utf8')
const withoutBlocks = (text: string) => text.replace(/^```[^]*?^```$/gm, '')

/** The targets of links and pictures that are no addresses of the web. */
function linksIn(document: string): string[] {
  const text = withoutBlocks(read(document)).replace(/`[^`]*`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(?:https?|mailto):/.test(target))
}

/** The file of a link, from the root of the repository, and the anchor in it. */
function targetOf(document: string, link: string): { file: string; anchor: string | undefined } {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? document : relative(ROOT, resolve(ROOT, dirname(document), path))
  return { file, anchor }
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  return [...withoutBlocks(read(document)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Sources and folders that a document names in backticks. */
function pathsIn(document: string): string[] {
  const spans = [...withoutBlocks(read(document)).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
  return spans.filter((span) => /^(?:[\w.-]+\/)*(?:[\w.-]+\.ts|[\w.-]+\/)$/.test(span))
}

/** What the rows of a table name in one of their cells; the head of the table begins with a text. */
function namesIn(document: string, head: string, column = 1): string[] {
  const lines = read(document).split('\n')
  const rows = lines.slice(lines.findIndex((line) => line.startsWith(`| ${head}`)) + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows
    .slice(0, end)
    .flatMap((row) => [...(row.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

function metricNames(): string[] {
  const { registry } = new Metrics({
    storeAvailable: () => null,
    storeGone: () => false,
    storeUnremembered: () => false,
    storeAtRisk: () => false,
    cache: () => null,
    trusts: () => [],
    idleConnections: () => 0,
    rules: () => null,
    evidenceDropped: () => 0,
    evidenceAvailable: () => null,
  })
  return registry.getMetricsAsArray().map(({ name }) => name.replace('enforce_tls_', ''))
}

describe('the documents', () => {
  it('are found', () => assert.ok(DOCUMENTS.length >= 10, DOCUMENTS.join(', ')))

  it('begin with a README of at most 250 lines', () =>
    assert.ok(read('README.md').trimEnd().split('\n').length <= 250))

  for (const document of DOCUMENTS)
    it(`${document}: every link leads to a file and a heading`, () => {
      for (const link of linksIn(document)) {
        const { file, anchor } = targetOf(document, link)
        assert.ok(existsSync(join(ROOT, file)), link)
        if (anchor !== undefined) assert.ok(anchorsOf(file).includes(anchor), link)
      }
    })

  for (const document of DOCUMENTS)
    it(`${document}: every source and folder that it names is there`, () => {
      for (const path of pathsIn(document)) {
        const places = [dirname(document), INSIDE, '.']
        assert.ok(
          places.some((place) => existsSync(join(ROOT, place, path))),
          path,
        )
      }
    })

  it('have every level, failure class and metric in a table', () => {
    assert.deepEqual(namesIn('README.md', 'level'), LEVEL_NAMES)
    assert.deepEqual(namesIn(`${INSIDE}/rules/README.md`, 'level'), LEVEL_NAMES)
    const classes = [
      'what the receiving server does',
      'what is published',
      'what the receiving server does about REQUIRETLS',
      'what is set here',
      'at a gateway',
    ].flatMap((table) => namesIn(`${INSIDE}/delivery/README.md`, table, 2))
    assert.deepEqual([...new Set(classes)].sort(), [...FAILURE_CLASS_NAMES].sort())
    assert.deepEqual(namesIn(`${INSIDE}/observe/README.md`, 'metric').sort(), metricNames().sort())
  })

  it('name a test for each way out', () => {
    const [, waysOut = ''] = read(`${INSIDE}/README.md`).split('\n## Ways out\n')
    const rows = waysOut.split('\n').filter((line) => /^\| [^-]/.test(line))
    assert.ok(rows.length > 30)
    for (const row of rows)
      for (const [, name = ''] of row.split('|')[3]?.matchAll(/`([^`]+)`/g) ?? [])
        assert.ok(existsSync(join(ROOT, `test/e2e/${name}.test.ts`)), name)
  })

  it('are in the package, and so is what they link to', () => {
    const packed = new Set(packedPackage().files)
    for (const document of DOCUMENTS) {
      assert.ok(packed.has(document), document)
      for (const link of linksIn(document)) {
        const { file } = targetOf(document, link)
        // npm shows pictures from the repository.
        if (!file.endsWith('.png')) assert.ok(packed.has(file), `${document}: ${link}`)
      }
    }
  })
})
