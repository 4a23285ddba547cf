/** The words in which the rows of the matrix say what has to become of a message. */

/** What has to become of a covered message. */
export type Outcome =
  /** Delivered once, inside TLS. */
  | { readonly kind: 'delivered'; readonly protocol?: string }
  /** One bounce, with these codes, after this many connections. */
  | {
      readonly kind: 'bounced'
      readonly status: string
      /** The failure class, or `null` where TLS is not to blame. */
      readonly class: string | null
      readonly connections: number
    }

/** Delivered, over any version or a certain one. */
export function delivered(protocol?: string): Outcome {
  return protocol === undefined ? { kind: 'delivered' } : { kind: 'delivered', protocol }
}

const STATUS: Readonly<Record<string, string>> = {
  'starttls-not-supported': '5.7.4',
  'starttls-deferred': '5.7.4',
  'starttls-refused': '5.7.4',
}

/** A permanent TLS failure: bounced at once. */
export function failed(name: string): Outcome {
  return { kind: 'bounced', status: STATUS[name] ?? '5.7.5', class: name, connections: 1 }
}

/** A temporary TLS failure: tried again, and the last bounce still tells the TLS reason. */
export function failedLater(name: string): Outcome {
  return { kind: 'bounced', status: STATUS[name] ?? '5.7.5', class: name, connections: 2 }
}

/** A failure that has nothing to do with TLS, at once or after another try. */
export function notTls(status: string, connections: 1 | 2): Outcome {
  return { kind: 'bounced', status, class: null, connections }
}
