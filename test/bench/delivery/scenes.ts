/** The scenes of the delivery bench: what is sent how, through which servers, and what the numbers are held against. */
import type { SetupId } from './setups.js'
import type { Load, Turn } from './turn.js'

/** How much of it. */
interface Amounts extends Pick<Load, 'messages'> {
  readonly rounds: number
  readonly warmUp: number
}

export interface Scene extends Omit<Load, 'messages'> {
  readonly id: string
  readonly title: string
  /** Haraka's `nodes`; 0 is one process. Postfix has always many. */
  readonly nodes: number
  readonly servers: readonly SetupId[]
  readonly comparisons: readonly Comparison[]
  readonly full: Amounts
}

/** One server beside another, in the same round. */
export interface Comparison {
  readonly one: SetupId
  readonly other: SetupId
  readonly value: keyof Pick<Turn, 'cpu' | 'perSecond'>
  readonly target?: { readonly most: number } | { readonly least: number }
}

const SMALL = 4096
const LARGE = 400_000
const ENCRYPTING = ['opportunistic', 'covered', 'no-reuse', 'postfix', 'postfix-reuse'] as const
const COMPARED: readonly Comparison[] = [
  { one: 'covered', other: 'opportunistic', value: 'cpu' },
  { one: 'covered', other: 'plain', value: 'cpu' },
  { one: 'covered', other: 'no-reuse', value: 'cpu' },
  { one: 'covered', other: 'postfix-reuse', value: 'cpu' },
  { one: 'covered', other: 'postfix-reuse', value: 'perSecond' },
  { one: 'covered', other: 'postfix', value: 'perSecond' },
]
const UNMATCHED: Comparison = { one: 'unmatched', other: 'plain', value: 'cpu', target: { most: 1.02 } }

export const SCENES: readonly Scene[] = [
  {
    id: 'one',
    title: 'one destination, 4 kB, one process',
    destinations: 1,
    size: SMALL,
    nodes: 0,
    servers: ['plain', 'unmatched', ...ENCRYPTING],
    comparisons: [
      { one: 'covered', other: 'opportunistic', value: 'cpu', target: { most: 0.45 } },
      { one: 'covered', other: 'plain', value: 'cpu', target: { most: 0.95 } },
      { one: 'covered', other: 'no-reuse', value: 'cpu' },
      { one: 'covered', other: 'postfix-reuse', value: 'cpu' },
      { one: 'covered', other: 'postfix-reuse', value: 'perSecond', target: { least: 1 } },
      { one: 'covered', other: 'postfix', value: 'perSecond', target: { least: 1.3 } },
      UNMATCHED,
    ],
    full: { rounds: 5, messages: 600, warmUp: 300 },
  },
  {
    id: 'many',
    title: '100 destinations, 4 kB, one process',
    destinations: 100,
    size: SMALL,
    nodes: 0,
    servers: ['plain', ...ENCRYPTING],
    comparisons: COMPARED.map((each) =>
      each.other === 'no-reuse' ? { ...each, target: { most: 1 } } : each,
    ),
    full: { rounds: 5, messages: 600, warmUp: 300 },
  },
  {
    id: 'large',
    title: 'one destination, 400 kB, one process',
    destinations: 1,
    size: LARGE,
    nodes: 0,
    servers: ['plain', ...ENCRYPTING],
    comparisons: COMPARED,
    full: { rounds: 5, messages: 100, warmUp: 50 },
  },
  {
    id: 'workers',
    title: 'one destination, 4 kB, nodes=2',
    destinations: 1,
    size: SMALL,
    nodes: 2,
    servers: ['plain', ...ENCRYPTING],
    comparisons: COMPARED,
    full: { rounds: 5, messages: 600, warmUp: 300 },
  },
  {
    // A hundredth more or less is seen in many short rounds only.
    id: 'unmatched',
    title: 'mail that no rule matches, one destination, 4 kB, one process',
    destinations: 1,
    size: SMALL,
    nodes: 0,
    servers: ['plain', 'unmatched'],
    comparisons: [UNMATCHED],
    full: { rounds: 16, messages: 400, warmUp: 400 },
  },
]

/** To see that it works. */
export const QUICK: Amounts = { rounds: 1, messages: 60, warmUp: 0 }

/** Whether a median meets its target; `null` where there is none. */
export function isMet(target: Comparison['target'], median: number): boolean | null {
  if (!target) return null
  return 'most' in target ? median <= target.most : median >= target.least
}
