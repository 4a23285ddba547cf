/** The words in which the rows of the matrix say what has to become of a message. */

/** What has to become of a covered message. */
export type Outcome = Delivered | Bounced

interface Delivered {
  /** Once, inside TLS. */
  readonly kind: 'delivered'
  /** Any version where it is absent. */
  readonly protocol?: string
}

interface Bounced {
  /** One bounce. */
  readonly kind: 'bounced'
  /** More than one where the operating system decides. */
  readonly statuses: readonly string[]
  /** The failure class, or `null` where TLS is not to blame. */
  readonly class: string | null
  /** How many there have to be: two where the failure is temporary, the second being the last of the schedule. */
  readonly connections: 1 | 2 | 3
}

/** Delivered, over any version or a certain one. */
export function delivered(protocol?: string): Outcome {
  return protocol === undefined ? { kind: 'delivered' } : { kind: 'delivered', protocol }
}

/** Those whose Status is not 5.7.5. */
const STATUS: Readonly<Record<string, string>> = {
  'starttls-not-supported': '5.7.4',
  'starttls-deferred': '5.7.4',
  'starttls-refused': '5.7.4',
}

/** A permanent TLS failure: bounced at once. */
export function failed(name: string): Outcome {
  return { kind: 'bounced', statuses: [STATUS[name] ?? '5.7.5'], class: name, connections: 1 }
}

/** A temporary TLS failure: tried again, and the last bounce still tells the TLS reason. */
export function failedLater(name: string): Outcome {
  return { kind: 'bounced', statuses: [STATUS[name] ?? '5.7.5'], class: name, connections: 2 }
}

/** A failure that has nothing to do with TLS, at once or after another try. */
export function notTls(status: string | readonly string[], connections: 1 | 2 | 3): Outcome {
  return { kind: 'bounced', statuses: [status].flat(), class: null, connections }
}
