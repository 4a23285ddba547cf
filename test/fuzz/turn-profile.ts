/** Reads out of a CPU profile what a turn of the event loop was spent on. Pure. */
import type { Profiler } from 'node:inspector'

/** A turn of the event loop that took too long; all times in milliseconds. */
export interface LongTurn {
  /** When it ended, as `Date.now()`. */
  readonly at: number
  readonly pid: number
  /** Without waiting. */
  readonly took: number
  /** On a processor. */
  readonly worked: number
  /** Of that in this package and in what it calls; missing where there is no profile of the turn. */
  readonly ours?: number
  /** Of that in the garbage collector. */
  readonly collector?: number
  /** The longest piece: one callback with all that it calls. */
  readonly longest?: number
  /** The outermost function of this package that most of the longest piece was spent in. */
  readonly entry?: string
  /** Functions of the longest piece with the time spent in each and what it calls. */
  readonly functions?: readonly string[]
  /** The stack that was seen most, innermost first. */
  readonly stack?: readonly string[]
}

/** Files of the package, and of the libraries that only it uses. */
const OURS = /\/haraka-plugin-enforce-tls\/dist\/|\/(?:ioredis|redis-parser|re2js|express|body-parser)\//
/** Files of Haraka and its other plugins, which may go on inside one of our hooks. */
const THEIRS = /\/Haraka\/|\/haraka-|\/plugins\/[\w-]+\.js$/
const FUNCTIONS_TOLD = 12
const STACK_TOLD = 14

interface Node extends Profiler.ProfileNode {
  parent?: Node
}

interface Piece {
  readonly root: Node | undefined
  readonly times: Map<Node, number>
  total: number
}

/**
 * What the time from `from` on was spent on.
 *
 * @param from in microseconds of the profile's clock
 * @param share of the time on a processor: a sample is of time, also of such in which others had the processor
 */
export function spentOn(
  profile: Profiler.Profile,
  from: number,
  share: number,
): Required<Pick<LongTurn, 'ours' | 'collector' | 'longest' | 'entry' | 'functions' | 'stack'>> {
  const nodes = new Map<number, Node>(profile.nodes.map((node) => [node.id, { ...node }]))
  for (const node of nodes.values()) {
    for (const id of node.children ?? []) {
      const child = nodes.get(id)
      if (child) child.parent = node
    }
  }
  const pieces: Piece[] = []
  let ours = 0
  let collector = 0
  let time = profile.startTime
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const delta = profile.timeDeltas?.[index] ?? 0
    time += delta
    const node = nodes.get(id)
    if (time <= from || node === undefined) continue
    const spent = (Math.min(delta, time - from) / 1000) * share
    const stack = stackOf(node)
    if (node.callFrame.functionName === '(garbage collector)') collector += spent
    else if (isOurs(stack)) ours += spent
    addTo(pieces, stack, spent)
  }
  const [longest] = [...pieces].sort((a, b) => b.total - a.total)
  return {
    ours: round(ours),
    collector: round(collector),
    longest: round(longest?.total ?? 0),
    entry: longest ? entryOf(longest) : '',
    functions: longest ? functionsOf(longest) : [],
    stack: longest ? mostSeen(longest) : [],
  }
}

/** From the inside out, without the root. */
function stackOf(node: Node): Node[] {
  const stack: Node[] = []
  for (let at = node; at.parent; at = at.parent) stack.push(at)
  return stack
}

/** Whose the innermost function is that is anybody's: what our code calls is ours, what it hands on to is not. */
function isOurs(stack: readonly Node[]): boolean {
  for (const { callFrame } of stack) {
    if (OURS.test(callFrame.url)) return true
    if (THEIRS.test(callFrame.url)) return false
  }
  return false
}

/** Samples of one callback follow each other; those of the garbage collector belong to the piece they interrupt. */
function addTo(pieces: Piece[], stack: readonly Node[], spent: number): void {
  const outermost = stack.at(-1)
  const name = outermost?.callFrame.functionName
  const last = pieces.at(-1)
  if (last && (last.root === outermost || name === '(garbage collector)')) {
    last.total += spent
    const [leaf] = stack
    if (leaf) last.times.set(leaf, (last.times.get(leaf) ?? 0) + spent)
  } else if (name !== '(idle)') {
    const [leaf] = stack
    pieces.push({ root: outermost, times: new Map(leaf ? [[leaf, spent]] : []), total: spent })
  }
}

function functionsOf({ times }: Piece): string[] {
  const inclusive = new Map<string, number>()
  for (const [leaf, spent] of times) {
    for (const name of new Set(stackOf(leaf).map(named)))
      inclusive.set(name, (inclusive.get(name) ?? 0) + spent)
  }
  return [...inclusive]
    .sort(([, a], [, b]) => b - a)
    .slice(0, FUNCTIONS_TOLD)
    .map(([name, spent]) => `${round(spent)} ${name}`)
}

function entryOf({ times }: Piece): string {
  const spentIn = new Map<string, number>()
  for (const [leaf, spent] of times) {
    const outermost = stackOf(leaf).findLast(({ callFrame }) => OURS.test(callFrame.url))
    if (outermost) spentIn.set(named(outermost), (spentIn.get(named(outermost)) ?? 0) + spent)
  }
  const [most] = [...spentIn].sort(([, a], [, b]) => b - a)
  return most?.[0] ?? ''
}

function mostSeen({ times }: Piece): string[] {
  const [leaf] = [...times].sort(([, a], [, b]) => b - a)[0] ?? []
  return leaf ? stackOf(leaf).slice(0, STACK_TOLD).map(named) : []
}

function named({ callFrame: { functionName, url, lineNumber } }: Node): string {
  const file = url.split('/').slice(-2).join('/')
  return `${functionName || '(anonymous)'}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}
