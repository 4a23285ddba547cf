/** Rules for tests: the document of a rules file, and the config of a Haraka that uses it. */

/** What a test says about a rule; the rest is as a good rule has it. */
export interface TestRule {
  readonly to: readonly string[]
  readonly id?: string
  readonly name?: string
  readonly enabled?: boolean
  readonly position?: number
  /** @default { level: 'encrypt' } */
  readonly action?: Readonly<Record<string, unknown>>
}

/** A rule as it is stored. */
export function storedRule({ to, name, enabled, position, action }: TestRule): Record<string, unknown> {
  return {
    name: name ?? 'Enforced TLS',
    direction: 'outgoing',
    enabled: enabled ?? true,
    position: position ?? 1,
    criteria: { to: { matchesAny: to } },
    actions: { relayWithTls: action ?? { level: 'encrypt' } },
  }
}

/** A rules document as these tests write it. */
export interface TestDocument extends Record<string, unknown> {
  readonly domains: Readonly<Record<string, object>>
  readonly rules: Readonly<Record<string, Readonly<Record<string, object>>>>
}

/** A rules document; the services of all owners' domains are on unless `off` names them. */
export function rulesDocument(
  owners: Readonly<Record<string, readonly TestRule[]>>,
  off: readonly string[] = [],
): TestDocument {
  const domains = Object.keys(owners)
    .filter((owner) => owner !== '*')
    .map((owner) => owner.slice(owner.lastIndexOf('@') + 1))
  return {
    domains: Object.fromEntries(domains.map((domain) => [domain, { enabled: !off.includes(domain) }])),
    rules: Object.fromEntries(
      Object.entries(owners).map(([owner, rules]) => [
        owner,
        Object.fromEntries(
          rules.map((rule, index) => [
            rule.id ?? `rule${index + 1}`,
            storedRule({ position: index + 1, ...rule }),
          ]),
        ),
      ]),
    ),
  }
}

/** Config files of a Haraka with these rules in a file; further lines of `enforce-tls.ini` may follow. */
export function fileStoreConfig(
  owners: Readonly<Record<string, readonly TestRule[]>>,
  ini = '',
): Record<string, unknown> {
  return {
    'enforce-tls.ini': `[store]\ntype=file\n${ini}`,
    'enforce-tls.rules.json': rulesDocument(owners),
  }
}

/** The same for a Haraka that trusts a test's authority, too; further lines of `[tls]` may follow. */
export function trustingConfig(
  { cert }: { readonly cert: string },
  owners: Readonly<Record<string, readonly TestRule[]>>,
  ini = '',
): Record<string, unknown> {
  return { ...fileStoreConfig(owners, `[tls]\nca=test-ca.pem\n${ini}`), 'test-ca.pem': cert }
}

/** Writes rules into a Redis, or a Cluster of them; services last, since with them the store is not empty any more. */
export async function writeRules(
  redis: { readonly cli: (...words: string[]) => Promise<unknown> },
  owners: Readonly<Record<string, readonly TestRule[]>>,
  prefix = 'enforce-tls:',
): Promise<void> {
  const { rules, domains } = rulesDocument(owners)
  for (const [owner, ofOwner] of Object.entries(rules))
    for (const [id, rule] of Object.entries(ofOwner))
      await redis.cli('HSET', `${prefix}rules:${owner}`, id, JSON.stringify(rule))
  for (const [domain, service] of Object.entries(domains))
    await redis.cli('HSET', `${prefix}domains`, domain, JSON.stringify(service))
}
