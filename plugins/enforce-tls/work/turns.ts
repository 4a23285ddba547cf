/**
 * Long work that leaves the event loop time for everything else: a few milliseconds of it in each turn,
 * however many such works are under way at once; they take turns.
 */
import type { InPieces } from './pieces.js'

/** How long work goes on before everything else has its turn, in milliseconds. */
const TURN_MS = 5

const waiting: (() => void)[] = []
let turnEnds = -Infinity

/** Does the work in pieces; gives its result, or rejects with what it throws. */
export async function inPieces<T>(work: InPieces<T>): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (performance.now() >= turnEnds) await nextTurn()
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(beginTurn)
  })
}

/** One work in each turn of the event loop: immediates that are set while others run wait for the next one. */
function beginTurn(): void {
  turnEnds = performance.now() + TURN_MS
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(beginTurn)
}
