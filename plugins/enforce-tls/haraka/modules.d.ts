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

declare module 'haraka-net-utils/lib/get_mx.js' {
  type HarakaMx = import('./types.js').HarakaMx
  const lookup: {
    /** Rejects with a code of `node:dns` where DNS fails; `[]` for a domain without MX record and address. */
    get_mx(domain: string): Promise<HarakaMx[]>
    /** Hosts without an address are left out. */
    resolve_mx_hosts(hosts: readonly HarakaMx[]): Promise<HarakaMx[]>
  }
  export = lookup
}

declare module 'haraka-net-utils/lib/dns_config.js' {
  type HarakaConfig = import('./types.js').HarakaConfig
  const dns: {
    /** Asked for `net-utils.ini` when the resolver is made. */
    config: Pick<HarakaConfig, 'get'>
    /** The one resolver of the library. */
    getDnsResolver(): import('node:dns').promises.Resolver
  }
  export = dns
}

declare module 'haraka-net-utils/lib/ip.js' {
  const ip: {
    is_local_ipv4(address: string): boolean
    is_local_ipv6(address: string): boolean
  }
  export = ip
}

declare module 'haraka-net-utils/lib/HarakaMx.js' {
  const HarakaMx: new (answer: unknown) => import('./types.js').HarakaMx
  export = HarakaMx
}
