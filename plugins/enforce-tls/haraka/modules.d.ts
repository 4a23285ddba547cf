/** Types of Haraka's untyped packages, as far as this plugin uses them. */

declare module 'haraka-config' {
  const config: import('./types.js').HarakaConfig
  export = config
}

declare module 'haraka-dsn' {
  /** A reply with an enhanced status code; its code replaces the one of the hook's answer. */
  interface DSN {
    readonly code: number
    readonly reply: string
  }
  const DSN: { create(code: number, message: string, subject: number, detail: number): DSN }
  export = DSN
}

declare module 'haraka-constants' {
  const constants: {
    readonly cont: number
    readonly stop: number
    readonly deny: number
    readonly denysoft: number
    readonly denydisconnect: number
    readonly denysoftdisconnect: number
    readonly ok: number
    readonly delay: number
  }
  export = constants
}
