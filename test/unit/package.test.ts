/** The package: what runs is in it, and nothing that nobody needs. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { packedPackage } from '../support/packed-package.js'
import { repositoryRoot } from '../support/repository.js'

const ROOT = repositoryRoot()
const PAGES = 'dist/plugins/enforce-tls/console/pages/'

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const { files, size } = packedPackage()
const modules = files.filter((file) => file.endsWith('.js') && !file.startsWith(PAGES))

describe('the package', () => {
  it('is small', () => {
    assert.ok(files.length <= 700, `${files.length} files`)
    assert.ok(size <= 1_100_000, `${size} bytes`)
  })

  it('has every module that one of its modules loads', () => {
    assert.ok(modules.length > 200)
    for (const file of modules) {
      for (const [, loaded = ''] of read(file).matchAll(/\b(?:require|import|load)\(["'](\.[^"']+)["']\)/g))
        assert.ok(files.includes(join(dirname(file), loaded)), `${file} loads ${loaded}`)
    }
  })

  it('has of the pages what a browser loads, and the licences of what is in it', () => {
    const pages = files.filter((file) => file.startsWith(PAGES)).map((file) => file.slice(PAGES.length))
    assert.deepEqual(pages.toSorted(), [
      'chart.umd.js',
      'console.css',
      'icon.svg',
      'index.html',
      'licences.txt',
      'main.js',
      'report-charts.js',
      'theme.css',
    ])
    assert.doesNotMatch(read(`${PAGES}main.js`), /^import\b|\bimport\(/m)
    const licences = read(`${PAGES}licences.txt`)
    for (const library of ['chart.js', 'htm', 'sortablejs']) {
      const licence = ['LICENSE', 'LICENSE.md'].find((file) =>
        existsSync(join(ROOT, 'node_modules', library, file)),
      )
      const text = read(`node_modules/${library}/${licence ?? 'LICENSE'}`)
      assert.ok(oneLine(licences).includes(oneLine(text)), library)
    }
    assert.match(licences, /==== preact,/)
  })
})

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
