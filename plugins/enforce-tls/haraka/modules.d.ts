/** Types of Haraka's untyped packages, as far as this plugin uses them. */

declare module 'haraka-config' {
  const config: import('./types.js').HarakaConfig
  export = config
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
