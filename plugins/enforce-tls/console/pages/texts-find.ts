/** The texts of finding things: search, partners, rules of all owners, and what is done to several of them. */
import { formatNumber } from './times.js'

const count = (n: number, one: string, many: string) => `${formatNumber(n)} ${n === 1 ? one : many}`

export const findTexts = {
  search: {
    label: 'Search everything',
    placeholder: 'Search',
    hint: 'Press / to search',
    results: 'Found',
    kinds: { partner: 'Partner', domain: 'Domain', rule: 'Rule', group: 'Group' },
    ruleOf: (owner: string) => `Rule of ${owner}`,
    allRules: (text: string) => `All rules with “${text}”`,
    found: (n: number, complete: boolean) =>
      n === 0
        ? 'Nothing found. Press Enter to search all rules.'
        : `${complete ? '' : 'The first '}${count(n, 'result', 'results')}. Use the arrow keys to choose.`,
    more: 'There may be more. Type more letters, or search all rules.',
    failed: 'The search failed. Try again.',
  },
  partner: {
    lead: (owner: string | null) =>
      owner === null
        ? 'Everything about this partner: rules, deliveries, certificate, policies and waiting mail.'
        : `Everything about this partner. Deliveries are those of ${owner}.`,
    owner: 'Domain',
    back: 'Back to rules',
    deliveries: 'Deliveries, last 30 days',
    noDeliveries: 'The delivery log has no mail to this partner that rules cover.',
    messages: 'Show all messages to this partner',
    failures: 'Failed attempts',
    waiting: 'Waiting mail',
    waitingCount: (n: number) => `Show ${count(n, 'message that waits', 'messages that wait')}`,
    noneWaiting: 'No mail to this partner is known to wait.',
    rules: 'Rules that name it',
    noRules: 'No rule that you can see names this partner.',
    groups: 'Groups',
    noGroups: 'It is in no group.',
    groupWith: (patterns: readonly string[]) => `by ${patterns.join(', ')}`,
    certificate: 'Certificate seen last',
    noCertificate: 'No delivery of the last 30 days saw a certificate.',
    certificateAt: (host: string, when: string) => `From ${host}, ${when}.`,
    issuer: 'Issued by',
    expires: 'Valid until',
    expired: 'expired',
    fingerprint: 'SHA-256 fingerprint',
    version: 'TLS version',
    published: 'Published policies',
    publishedUnknown:
      'No delivery of the last 30 days looked at what it publishes. The check below asks now.',
    publishedNone: (when: string) => `Neither DANE nor MTA-STS, as of ${when}.`,
    publishedAt: (when: string) => `As of ${when}:`,
    policy: (type: 'tlsa' | 'sts', domain: string, testing: boolean) =>
      `${type === 'tlsa' ? 'TLSA records (DANE)' : 'MTA-STS policy'} of ${domain}${testing ? ', only tested' : ''}`,
    checkNow: 'Check now',
    mayNotCheck: 'Your role cannot check a partner. Ask an administrator.',
    link: (domain: string) => `Partner ${domain}`,
    linked: 'Partners in this group',
    linkedMore: (n: number) => `and ${formatNumber(n)} more; search for one with /`,
    named: {
      domain: (pattern: string) => pattern,
      subdomains: (pattern: string) => `subdomains of ${pattern.slice(1)}`,
      address: (pattern: string) => pattern,
      everyone: () => 'everyone',
    },
    byGroup: (what: string, group: string) => `${what} in group ${group}`,
    except: (what: string) => `not ${what}`,
    namedBy: (how: readonly string[]) => `Named as: ${how.join(', ')}`,
    checkedAs: (level: string, rule: string) => `Checks at the level of rule “${rule}”: ${level}.`,
    checkedForTls: 'Checks for any encryption, because no rule that is on names this partner.',
  },
  allRules: {
    title: 'Rules',
    lead: 'Message rules of all owners that you can see.',
    text: 'Name, domain, address or word',
    filter: 'Filter rules',
    tools: 'Filter, or change several at once',
    state: 'State',
    states: { '': 'All', on: 'On', off: 'Off', invalid: 'Invalid' },
    mode: 'Mode',
    modes: { '': 'Any', enforce: 'Enforce', report: 'Report only' },
    level: 'Security level',
    anyLevel: 'Any',
    exemption: 'No TLS required (exemption)',
    found: (n: number, all: boolean) => `${count(n, 'rule', 'rules')}${all ? '' : ' so far'}`,
    none: 'No rule fits.',
    noneNext: 'Search for less, or choose other filters.',
    more: 'Show more',
    goOn: 'Search further',
    notAll: 'Not all rules were looked at yet.',
    sameAs: (name: string) => `same criteria as “${name}”`,
    shownOf: (n: number, all: number) => `${formatNumber(n)} of ${count(all, 'rule', 'rules')}`,
  },
  several: {
    choose: (name: string) => `Select rule ${name}`,
    all: 'Select all',
    none: 'Select none',
    chosen: (n: number) =>
      n === 0 ? 'Select rules to change several at once.' : `${formatNumber(n)} selected`,
    actions: { enable: 'Switch on', disable: 'Switch off', delete: 'Delete', copy: 'Copy to …' },
    sure: {
      enable: (n: number) => `Switch on ${count(n, 'rule', 'rules')}?`,
      disable: (n: number) => `Switch off ${count(n, 'rule', 'rules')}?`,
      delete: (n: number) => `Delete ${count(n, 'rule', 'rules')}?`,
    },
    means: {
      enable: (n: number) =>
        `From then on ${n === 1 ? 'it applies' : 'they apply'}, also to mail that is queued already.`,
      disable: (n: number) =>
        n === 1
          ? 'It no longer applies to any mail. It stays in its list.'
          : 'They no longer apply to any mail. They stay in their lists.',
      delete: (n: number) => `${n === 1 ? 'It no longer applies' : 'They no longer apply'} to any mail.`,
    },
    undo: 'You can undo this in the history.',
    names: (n: number) => `and ${formatNumber(n)} more`,
    done: {
      enable: (n: number) => `${count(n, 'rule is', 'rules are')} on.`,
      disable: (n: number) => `${count(n, 'rule is', 'rules are')} off.`,
      delete: (n: number) => `${count(n, 'rule was', 'rules were')} deleted.`,
      copy: (n: number, to: string) => `${count(n, 'rule was', 'rules were')} copied to ${to}, switched off.`,
    },
    failed: (name: string, why: string) => `Rule ${name}: ${why}`,
    notCopied: (n: number) => `${count(n, 'more rule was', 'more rules were')} not copied.`,
    copyTitle: (n: number) => `Copy ${count(n, 'rule', 'rules')}`,
    copyLead: 'A copy is off, and last in the list of its new owner.',
    copyTo: 'To',
    copyToHint: 'A domain, one sender address, or * for the whole service',
    copyName: 'Name of the copy',
    copyMissing: 'Enter whose rule the copy is.',
    copyYes: 'Copy',
    opened: (to: string) => `Open the rules of ${to}`,
  },
  groupUse: {
    title: 'Used by',
    none: 'No rule refers to this group.',
    others: (n: number) =>
      `${count(n, 'more rule', 'more rules')} that you cannot see or that are not valid.`,
    unused: 'not used',
    unknown: 'whether it is used is unknown',
    used: (rules: number, owners: readonly string[]) =>
      `used by ${count(rules, 'rule', 'rules')}${owners.length === 0 ? '' : ` of ${owners.join(', ')}`}`,
    moreOwners: (n: number) => `${formatNumber(n)} more`,
  },
} as const
