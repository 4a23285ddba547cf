/** The Haraka objects that this plugin touches, and of them only what it touches (tried with Haraka 3.3.4). */
import type { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Haraka's config reader. */
export interface HarakaConfig {
  get(
    name: string,
    type: 'ini',
    onChange?: (error?: Error) => void,
  ): Record<string, Record<string, unknown> | undefined>
  get(name: string, type: 'data' | 'list'): string[]
  get(name: string, type: 'value'): string | number | null
  get(name: string, type: 'binary'): Buffer | null
  module_config(defaultsFolder: string, overridesFolder: string): HarakaConfig
}

/** The logging methods that Haraka adds to its objects. */
export interface HarakaLogger {
  logdebug(...data: unknown[]): void
  loginfo(...data: unknown[]): void
  lognotice(...data: unknown[]): void
  logwarn(...data: unknown[]): void
  logerror(...data: unknown[]): void
  logcrit(...data: unknown[]): void
}

/** `this` in a plugin's exported functions. */
export interface HarakaPlugin extends HarakaLogger {
  readonly name: string
  readonly config: HarakaConfig
  register_hook(hook: string, method: string, priority?: number): void
  haraka_require(module: string): unknown
}

/** The callback of a hook. */
export type Next = (code?: number, argument?: unknown) => void

/**
 * A string, or in Haraka 3.2 a function that behaves like one: equal to no string and no key of a set. To be
 * read with `String(…)`.
 */
export interface HarakaText {
  toString(): string
}

/** An address of Haraka's envelope. */
export interface HarakaAddress {
  readonly user: string
  /** In lower case and as A-labels. */
  readonly host: HarakaText
  readonly original_host?: string
  readonly original?: string
  readonly address: HarakaText
  /** A 4yz or 5yz reply, for hooks and bounces of others. */
  reason?: string
  dsn_action?: 'failed' | 'delayed'
  dsn_status?: string
  dsn_code?: number
  dsn_msg?: string
  dsn_smtp_code?: string | undefined
  dsn_smtp_extc?: string | undefined
  dsn_smtp_response?: string | undefined
  dsn_remote_mta?: string | undefined
}

/** A next hop; after name resolution `exchange` is an IP address and `from_dns` the name it came from. */
export interface HarakaMx {
  exchange?: string
  path?: string
  port?: number
  priority?: number
  /** The local address to connect from. */
  bind?: string
  bind_helo?: string
  auth_user?: string
  auth_pass?: string
  auth_type?: string
  using_lmtp?: boolean
  from_dns?: string
}

/** The head of a queue file. */
export interface HarakaTodo {
  readonly domain: string
  readonly queue_time: number
  readonly uuid: string
  readonly mail_from: HarakaAddress
  rcpt_to: HarakaAddress[]
  readonly notes: Record<string, unknown>
}

/** The socket of an outbound connection: Haraka's wrapper, whose real socket is `targetsocket`. */
export interface HarakaSocket extends EventEmitter {
  targetsocket?: Socket
  clean(): void
  destroy(): void
}

/** One item of the outbound queue: a message and its recipients of one domain. */
export interface HarakaMailItem extends HarakaLogger, EventEmitter {
  filename: string
  path: string
  /** Where the message begins in the queue file, in bytes. */
  readonly data_start: number
  num_failures: number
  refcount: number
  readonly todo: HarakaTodo
  mxlist?: HarakaMx[]
  /** By preference, and those of the same preference in random order. */
  sort_mx(hosts: HarakaMx[]): HarakaMx[]
  /** What becomes of the message where its domain's MX records cannot be had. */
  get_mx_error(error: Error & { readonly code: string }): void
  bounce_error?: (Error & { mx?: HarakaMx }) | null
  force_tls?: boolean
  next_cb: () => void
  send_email_respond(code: number, delaySeconds?: unknown): void
  /** Of the hook `get_mx`: what a plugin answered. */
  get_mx_respond(code: number, hosts: unknown): Promise<void>
  found_mx(hosts: HarakaMx[]): Promise<void>
  get_force_tls(mx: HarakaMx): boolean
  try_deliver(): Promise<void>
  try_deliver_host_on_socket(mx: HarakaMx, host: string, port: number, socket: unknown): void
  temp_fail(error: string, extra?: object): void
  deferred_respond(code: number, message: unknown, params: { delay: number; err: string }): Promise<void>
  bounce(error: string, extra?: object): void
  bounce_respond(code: number, message?: unknown): void
  double_bounce(error: string): void
  discard(): void
  delivered(...args: readonly unknown[]): void
  data_stream(): Readable
  split_to_new_recipients(
    recipients: HarakaAddress[],
    reason: string,
    callback: (item: HarakaMailItem) => void,
  ): void
}

/** What the hook `delivered` is given besides the item. */
export type HarakaDelivered = readonly [
  host: string,
  /** Or the path of a socket. */
  ip: string,
  response: string,
  delay: number,
  port: number,
  mode: string,
  recipients: readonly HarakaAddress[],
  secured: boolean,
  authenticated: boolean,
]

/** A client's connection. */
export interface HarakaConnection extends HarakaLogger {
  /** Whether the client may send to anybody: an authenticated user, or a host of ours. */
  readonly relaying: boolean
  readonly tls: { readonly enabled: boolean }
  /** The client's end. */
  readonly remote?: { readonly ip?: unknown }
  /** While the hook `capabilities` runs: the lines of the reply to EHLO. */
  readonly capabilities?: string[] | null
  /** This server's end. */
  readonly local: { readonly port: number | null }
  readonly transaction?: HarakaTransaction | null
  /** What is still to be asked in the hook that runs now. */
  hooks_to_run: HookCall[]
  /** What is asked now; `null` between two. */
  readonly current_hook?: unknown
  /** Haraka's answer to the client after the hook `queue`; `cont` is 451. */
  queue_respond: (code: number, message?: unknown) => void
  /** The same after `queue_outbound`; `cont` puts the message into the outbound queue. */
  queue_outbound_respond: (code: number, message?: unknown) => void
}

/** One message of a client. */
export interface HarakaTransaction {
  readonly uuid: string
  readonly mail_from: HarakaAddress
  readonly rcpt_to: readonly HarakaAddress[]
  /** The lines of the header that Haraka has taken; it drops those beyond the limit of its settings. */
  readonly header_lines?: readonly string[]
  readonly cfg?: { readonly headers?: { readonly max_lines?: number } }
  /** As text: the header block as it stands. */
  readonly header: { toString(): string; get_all?(name: string): string[] }
  add_header(name: string, value: string): void
  remove_header(name: string): void
  /** `queue.wants` is the short name of the queue plugin that is to have the message. */
  readonly notes: { get(path: string): unknown } & Record<string, unknown>
}

/** A plugin that Haraka has loaded. */
export interface LoadedPlugin {
  readonly name: string
  /** Its file, or the package.json of its folder. */
  readonly plugin_path?: string
  /** The plugins that it inherits from, by name. */
  readonly base?: Readonly<Record<string, unknown>>
}

/** A hook of a plugin. */
export type HookCall = [plugin: LoadedPlugin, method: string, ...rest: unknown[]]

/** Haraka's outbound module. */
export interface HarakaOutbound {
  send_email(
    from: string | HarakaAddress,
    to: string | HarakaAddress | (string | HarakaAddress)[],
    contents: string,
    next: (code?: number, message?: unknown) => void,
    options?: { readonly notes?: object; readonly origin?: unknown; readonly dot_stuffed?: boolean },
  ): void
  readonly temp_fail_queue: {
    add(id: string, milliseconds: number, callback: () => void): void
    /** Those that wait, by when they are due (haraka-utils, `timer_queue.js`). */
    readonly queue?: { readonly id: string; readonly fire_time: number; readonly cb: (() => void) | null }[]
  }
  readonly delivery_queue: {
    push(item: HarakaMailItem): void
    /** Those that wait for their turn and those that are being delivered. */
    length(): number
  }
  readonly net_utils: {
    readonly get_primary_host_name: () => string
    readonly get_mx: (domain: string) => Promise<HarakaMx[]>
    readonly resolve_mx_hosts: (hosts: readonly HarakaMx[]) => Promise<HarakaMx[]>
    /** Makes a next hop of what a `get_mx` hook answers: an object, a URL, or `host:port`. */
    readonly HarakaMx: new (answer: unknown) => HarakaMx
  }
  readonly HMailItem: new (name: string, path: string, notes: unknown) => HarakaMailItem
  readonly qfile: {
    readonly platformDOT: string
    name(overrides: { arrival?: number | undefined; attempts?: number | undefined }): string
    parts(name: string): { readonly arrival: number; readonly attempts: number } | null
  }
}

/** Haraka's module of transactions. */
export interface HarakaTransactions {
  createTransaction(): { readonly notes: Record<string, unknown> }
}

/** Haraka's outbound settings, from `outbound.ini`. */
export interface HarakaOutboundConfig {
  readonly cfg: {
    readonly enable_tls: boolean
    readonly local_mx_ok: boolean
    /** How many items the queue delivers at a time. */
    readonly concurrency_max?: number
    /** In seconds. */
    readonly connect_timeout: number | string
    /** In seconds. */
    readonly temp_fail_intervals?: readonly number[]
  }
}

/** Haraka's outbound TLS settings, from `tls.ini`. */
export interface HarakaOutboundTls {
  get_tls_options(mx: HarakaMx): Record<string, unknown>
}

/** Haraka's plugin registry. */
export interface HarakaPlugins {
  /** The loaded plugins, as they are called in `config/plugins`. */
  readonly plugin_list: readonly string[]
  readonly registered_plugins: Readonly<Record<string, LoadedPlugin | undefined>>
  readonly registered_hooks: Readonly<
    Record<string, readonly { readonly plugin: string; readonly method: string; readonly priority: number }[]>
  >
  /** Asks all plugins of a hook; the answer goes to the object's method `<hook>_respond`. */
  run_hooks(hook: string, object: object, argument: unknown): void
}

/** What the hook `init_http` is given: Haraka's server, once its HTTP server listens. */
export interface HarakaServer {
  /** There where Haraka has workers, in each of its processes. */
  readonly cluster?: { readonly isPrimary: boolean }
  readonly http: {
    /** What listens; it may serve others, too. */
    readonly server?: Pick<Server, 'on' | 'maxConnections' | 'headersTimeout' | 'requestTimeout'>
    /** An express application. */
    readonly app: {
      get(path: string, handler: (request: IncomingMessage, response: ServerResponse) => void): unknown
      use(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): unknown
    }
  }
}
