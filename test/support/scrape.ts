/** Reads metrics as Prometheus does, strictly: whatever is not the text format 0.0.4 throws. */
import assert from 'node:assert/strict'

/** Samples by name and labels, as `name{a="b"}` with the labels sorted. */
export type Scrape = ReadonlyMap<string, number>

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (\S+)$/
const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/

/** @throws for another answer than 200, and for what is not in the format. */
export async function scrape(url: string): Promise<Scrape> {
  // A new connection each time: with several workers, another one may answer.
  const response = await fetch(url, { headers: { connection: 'close' } })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  return parse(text)
}

/** @throws for what is not in the format. */
export function parse(text: string): Scrape {
  assert.ok(text.endsWith('\n'), 'the last line has no end')
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const comment = COMMENT.exec(line)
    if (comment) {
      const [, kind, name = '', rest = ''] = comment
      if (kind === 'TYPE') {
        assert.match(rest, /^(counter|gauge|histogram)$/)
        assert.ok(!types.has(name), `${name} has two types`)
        types.set(name, rest)
      }
      continue
    }
    const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`)
    assert.ok(types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} has no type`)
    const key = keyOf(
      name,
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', of = '']) => [label, of]),
    )
    assert.ok(!samples.has(key), `${key} is there twice`)
    assert.ok(value === '+Inf' || Number.isFinite(Number(value)), line)
    samples.set(key, Number(value))
  }
  return samples
}

/** A sample's value; 0 where there is none, as in a sum. */
export function valueOf(
  samples: Scrape,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return samples.get(keyOf(name, Object.entries(labels))) ?? 0
}

function keyOf(name: string, labels: (readonly [string, string])[]): string {
  const pairs = labels.map(([label, value]) => `${label}="${value}"`).sort()
  return `${name}{${pairs.join()}}`
}
