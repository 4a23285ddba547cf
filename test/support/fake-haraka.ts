/** Haraka around a fake queue item: its hooks and its queues, for tests that have no Haraka. */
import constants from 'haraka-constants'
import type { HarakaAddress, HarakaOutbound, Next } from '../../plugins/enforce-tls/haraka/types.js'
import type { FakeHmail } from './fake-hmail.js'

/** What all plugins together answer to a hook. */
export type HookAnswer = readonly [code: number, argument?: unknown]

/** What plugins do in a hook of an item; a hook that has none is answered with `cont`. */
export type Hook = (item: FakeHmail, argument: unknown) => HookAnswer | Promise<HookAnswer>

/** The parts of Haraka around its queue items. */
export class FakeHaraka {
  /** What Haraka did with its items, each in a few words; those of a part begin with its recipients. */
  readonly told: string[] = []
  readonly log: string[] = []
  /** Items of which Haraka still waits for `next_cb`. */
  readonly underWay = new Set<FakeHmail>()
  /** What is done when an item's time in the queue has come, oldest first. */
  readonly waiting: (() => void)[] = []
  readonly hooks: Record<string, Hook | undefined> = {}
  /** Haraka's `temp_fail_interval`, in seconds. */
  intervals: readonly number[] = [64, 128]
  /** Haraka's `force_tls_hosts`. */
  readonly forceTlsHosts = new Set<string>()
  /** Whether a bounce can be queued. */
  queueIsFull = false

  /** Haraka's outbound module, as far as a guard asks for it. */
  readonly outbound = {
    send_email: (_from: string, to: HarakaAddress, contents: string, next: Next) => {
      const full = this.queueIsFull
      this.told.push(`${contents} to ${to.address.toString()}${full ? ' not queued' : ''}`)
      setImmediate(() => (full ? next(constants.deny, 'no space left') : next(constants.ok)))
    },
    temp_fail_queue: {
      add: (_name: string, milliseconds: number, callback: () => void) => {
        this.told.push(`again in ${milliseconds / 1000} s`)
        this.waiting.push(callback)
      },
    },
    delivery_queue: { push: (item: FakeHmail) => item.send() },
  } as unknown as HarakaOutbound
}

/** An address of the envelope; empty for `<>`. */
export function fakeAddress(address: string): HarakaAddress {
  const [user = '', host = ''] = address.split('@')
  return { user, host, original: `<${address}>`, address }
}
