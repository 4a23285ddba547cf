/** Every text of the pages, in one place: who wants another language translates this file. */
import { formatNumber } from './times.js'
import type { Direction, Level, Role } from './types.js'

const count = (n: number, one: string, many: string) => `${formatNumber(n)} ${n === 1 ? one : many}`

/** The fields of a rule, as they are called wherever they appear. */
const fields = {
  name: 'Name',
  comment: 'Comment',
  enabled: 'On',
  position: 'Place in the list',
  mode: 'Mode',
  startsAt: 'From',
  expiresAt: 'Until',
  to: 'To',
  from: 'From',
  subject: 'Subject',
  header: 'Header',
  matchesAny: 'matches any of',
  matchesNone: 'matches none of',
  level: 'Security level',
  minVersion: 'Minimum TLS version',
  names: 'Other accepted certificate names',
  fingerprints: 'SHA-256 fingerprints',
  onFailure: 'If no receiving server meets this',
}

/** A field of a rule by its path, such as `criteria.to.matchesAny`. */
function nameOfField(path: string): string {
  return path
    .split('.')
    .filter((name) => !['criteria', 'actions', 'relayWithTls'].includes(name))
    .map((name) => (fields as Readonly<Record<string, string>>)[name] ?? name)
    .join(' ')
}

export const texts = {
  product: 'Enforced TLS',
  titleOf: (page: string) => `${page} – Enforced TLS`,
  skip: 'Skip to content',
  loading: 'Loading …',
  retry: 'Try again',
  close: 'Close',
  cancel: 'Cancel',
  remove: 'Remove',
  on: 'on',
  off: 'off',
  ownerName: (owner: string) => (owner === '*' ? 'The whole service' : owner),
  sentence: (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`),
  errors: {
    offline: 'Cannot reach the server. Check your connection and try again.',
    unexpected: 'Something went wrong on this page. Reload it.',
    status: (status: number) => `The server answered with an error (${status}).`,
    notThere: 'Page not found, or not visible to you.',
    notThereNext: 'Go to domains',
  },
  nav: {
    label: 'Main',
    domains: 'Domains',
    overview: 'Overview',
    waiting: 'Waiting',
    groups: 'Groups',
    history: 'History',
    account: 'Your account',
    signOut: 'Sign out',
  },
  signIn: {
    title: 'Sign in',
    ended: 'Your session has ended. Sign in to continue where you were; what you typed is still there.',
    user: 'User',
    password: 'Password',
    submit: 'Sign in',
    busy: 'Signing in …',
  },
  roles: {
    admin: 'Administrator: can view and change everything',
    'domain-admin': 'Domain administrator: can view and change the rules of these domains',
    viewer: 'Viewer: can view but not change anything',
  } satisfies Record<Role, string>,
  readOnly: 'Read-only: your role can view but not change this. Ask an administrator.',
  domains: {
    title: 'Domains',
    lead: 'Choose the domain that your mail is sent from.',
    service: 'Service',
    rules: 'Message rules',
    failures: 'Failures, last 24 hours',
    problems: 'Problems',
    unknownFailures: 'unknown',
    unknownFailuresWhy:
      'Failures are unknown: the delivery log is off ([evidence] stream=false) or unavailable.',
    noFailures: 'none',
    failuresLabel: (n: number, domain: string) =>
      `${count(n, 'failure', 'failures')} of ${domain}, show details`,
    alwaysOn: 'always on',
    empty: 'No domains yet.',
    emptyNext: 'Add the domain that your mail is sent from and switch its service on.',
    add: 'Add a domain',
    addLabel: 'Domain',
    addHint: 'For example acme.example',
    addSubmit: 'Add and switch on',
    switchLabel: (domain: string) => `Service of ${domain}`,
    ruleCount: (all: number, enabled: number) =>
      all === 0 ? 'none yet' : `${count(all, 'rule', 'rules')}, ${formatNumber(enabled)} on`,
    problemCount: (n: number) => count(n, 'problem', 'problems'),
    switched: (domain: string, on: boolean) =>
      `Message rules are switched ${on ? 'on' : 'off'} for ${domain}.`,
    conflict: (domain: string) =>
      `Someone else changed ${domain} while you had it open. This is its current state.`,
  },
  domain: {
    summary: 'Summary',
    tabs: 'Domain sections',
    messageRules: 'Message rules',
    history: 'History',
    service: 'Service',
    serviceOn: 'Message rules are switched on for this domain.',
    serviceOff: 'Inactive: message rules are switched off for this domain.',
    serviceAlways: 'These rules apply to the mail of every domain and need no service switch.',
    next: 'Go to message rules',
    outgoing: 'Outgoing rules',
    incoming: 'Incoming rules',
    enabled: 'Rules that are on',
    sender: 'Rules for one sender',
    senderLead: 'A sender can have stricter rules in addition to those of the domain.',
    senderRules: (n: number) => count(n, 'rule', 'rules'),
    senderLabel: 'Sender address',
    senderOpen: 'Open rules',
    senderWrong: (domain: string) => `Enter an address at ${domain}, such as bob@${domain}.`,
  },
  rules: {
    directions: 'Mail direction',
    direction: { outgoing: 'Outgoing', incoming: 'Incoming' } satisfies Record<Direction, string>,
    lead: {
      outgoing:
        'The first rule from the top that matches a message applies. Other mail is delivered as usual.',
      incoming: 'Incoming mail that matches a rule must arrive over TLS; otherwise it is rejected.',
    } satisfies Record<Direction, string>,
    name: 'Name of the new rule',
    create: 'Create',
    nameMissing: 'Enter a name for the rule first.',
    empty: 'No rules yet.',
    emptyNext: 'Enter a name above and choose Create. A new rule is off until you switch it on.',
    inactive: 'Inactive: message rules are switched off for this domain.',
    switchOn: 'Switch the service on',
    switchLabel: (name: string) => `Rule ${name}`,
    move: (name: string) => `Move rule ${name}: drag, or press the up or down arrow key`,
    moved: (name: string, place: number, of: number) => `Rule ${name} is now number ${place} of ${of}.`,
    reorderHint: 'To change the order, drag a handle, or press the up and down arrow keys on it.',
    switched: (name: string, sentences: readonly string[]) =>
      sentences.join(' ').replace(/^The rule is/, `Rule ${name} is`),
    conflict: 'Someone else changed these rules while you had them open. This is their current state.',
    switchConflict: (name: string, on: boolean) =>
      `Rule ${name} was not switched ${on ? 'on' : 'off'}: someone else changed it while you had it open. This is its current state.`,
    switchGone: (name: string) => `Rule ${name} no longer exists: someone else deleted it.`,
    invalid: 'Invalid',
    unsaved: 'This rule has unsaved changes. Open it to continue.',
    report: 'report only',
    except: 'except',
    more: (n: number) => `and ${formatNumber(n)} more`,
    noName: 'Unnamed rule',
    draft: (name: string) => `Unsaved rule: ${name}`,
    draftOpen: 'Continue editing',
  },
  rule: {
    back: 'Back to rules',
    newTitle: 'New rule',
    name: fields.name,
    comment: fields.comment,
    commentHint: 'What others should know about this rule',
    tabs: 'Rule sections',
    criteria: 'Criteria',
    actions: 'Actions',
    tryOut: 'Try it out',
    history: 'History',
    delete: 'Delete this rule',
    deleteSure: (name: string) => `Delete rule ${name}?`,
    deleteHint: 'You can undo this in the history.',
    deleteYes: 'Delete',
    gone: 'This rule no longer exists. You may be able to restore it from the history.',
    broken: (problem: string) =>
      `This rule is invalid: ${problem}. Its last valid version stays in force. If Haraka has no valid version, mail of its owner waits, unless the rule is switched off.`,
    restored: 'Your unsaved changes were restored.',
  },
  save: {
    saved: 'All changes saved',
    saving: 'Saving …',
    draft: 'Not saved yet. The rule is saved automatically as soon as it has a criterion.',
    invalid: (why: string) => `Not saved: ${why}`,
    failed: (why: string) => `Not saved: ${why} Your changes are still here.`,
    mistakes: (n: number) => `${count(n, 'invalid entry is', 'invalid entries are')} not saved.`,
    again: 'Save again',
  },
  conflict: {
    title: 'This rule was changed while you were editing',
    lead: (by: string | null, at: string | null) =>
      `${by ?? 'Someone else'} changed it${at === null ? '' : ` (${at})`} while you were editing.`,
    theirs: 'Their changes',
    mine: 'Your changes',
    nothing: 'none',
    takeTheirs: 'Discard my changes',
    applyMine: 'Apply my changes again',
    none: 'nothing',
    field: nameOfField,
  },
  criteria: {
    lead: 'A message must match all of these. Within a list, one matching entry is enough.',
    add: 'Add criteria',
    field: fields,
    addNone: (field: string) => `Add exceptions to ${field}`,
    listLabel: (field: string, list: string) => `${field} ${list}`,
    headerName: 'Header field name',
    removeField: (field: string) => `Remove criterion ${field}`,
    empty: 'No criteria yet.',
    emptyNext: 'Choose To and enter the domain or address that the mail goes to.',
    emptyNextIncoming: 'Choose From and enter the domain or address that the mail comes from.',
    addressHint:
      'bank.example, .bank.example (any subdomain), cfo@bank.example, group:banks, or * for all. You can paste a whole list.',
    textHint: 'A word or phrase, or a regular expression such as /invoice/i. Press Enter to add it.',
  },
  chips: {
    removeOne: (value: string) => `Remove ${value}`,
    editOne: (value: string) => `Edit ${value}`,
    checking: 'Checking entries …',
    total: (n: number) => count(n, 'entry', 'entries'),
    mistakes: (n: number) => `${formatNumber(n)} invalid`,
    showAll: (n: number) => `Show all ${formatNumber(n)}`,
    use: (values: readonly string[]) =>
      `Use ${values.slice(0, 3).join(', ')}${values.length > 3 ? ' …' : ''}`,
    removed: (value: string) => `${value} removed.`,
    added: (n: number) => `${count(n, 'entry', 'entries')} added.`,
  },
  actions: {
    lead: 'What happens to messages that match.',
    relay: 'Relay with TLS encryption',
    relayHint: 'Requires TLS for messages that match. Without it, they are not sent.',
    relayHintIncoming: 'Requires TLS for incoming messages that match. Without it, they are rejected.',
    relayOff: 'Off: messages that match skip the rules below this one.',
    level: fields.level,
    levels: {
      none: 'TLS is not required.',
      encrypt: 'The connection is encrypted. Any certificate is accepted, even a self-signed one.',
      fingerprint: 'Encrypted, and the server presents a certificate or key listed here.',
      verify: 'Encrypted, and a trusted certificate names the receiving server.',
      secure:
        "Encrypted, and a trusted certificate names the recipient's domain, one of its subdomains, or a name listed here.",
    } satisfies Record<Level, string>,
    levelNames: {
      none: 'No TLS required',
      encrypt: 'Encrypt',
      fingerprint: 'Fingerprint',
      verify: 'Verify',
      secure: 'Secure',
    } satisfies Record<Level, string>,
    names: fields.names,
    namesHint: 'For example mx.partner.example, or .partner.example for any subdomain',
    fingerprints: fields.fingerprints,
    fingerprintsHint: '64 hexadecimal digits, with or without colons',
    minVersion: fields.minVersion,
    minVersionDefault: 'Server default',
    version: (version: string) => version.replace('TLSv', 'TLS '),
    onFailure: fields.onFailure,
    onFailureDefault: 'Server default',
    onFailureNames: { bounce: 'Bounce: notify the sender at once', defer: 'Defer: try again later' },
    reportOnly: 'Report only',
    reportOnlyHint: 'Delivers as usual and records what would have happened.',
  },
  tryOut: {
    explainTitle: 'What would happen to a message?',
    explainLead: 'Uses this rule as shown here, as if it were switched on.',
    from: 'From',
    to: 'To',
    ask: 'Show',
    required: {
      outgoing: (level: string, version: string) =>
        `Requires TLS (${level}${version}). If no receiving server meets this, the message is not delivered.`,
      incoming: (level: string, version: string) =>
        `Requires TLS (${level}${version}). Without it, the message is rejected.`,
    } satisfies Record<Direction, (level: string, version: string) => string>,
    waits: 'Unknown: the message waits until these entries are corrected or deleted.',
    noRule: 'No rule applies: delivered as usual.',
    notRequired: 'TLS is not required: delivered as usual.',
    reported: (level: string, rules: string) => `Report only: ${rules} would require ${level}.`,
    decidedBy: (rules: string) => `Decided by ${rules}.`,
    inactive: (owner: string) => `Inactive: message rules are switched off for ${owner}.`,
    depends: "Depends on the message's headers",
    dependsOn: (rule: string, fields: readonly string[]) =>
      `Depends on the message's headers: rule “${rule}” looks at ${fields.length === 0 ? 'them' : fields.join(', ')}.`,
    subject: 'Subject',
    headerOf: (name: string) => `Header field ${name}`,
    reportOnly: 'This server is in report mode: it enforces nothing and records what would happen.',
    orLater: (version: string) => `, ${version} or later`,
    checkTitle: 'Partner check',
    checkLead: 'Connects to the receiving servers of a domain, as a delivery would. This can take a minute.',
    checkTarget: 'Domain or address',
    checkAsk: 'Check',
    checking: 'Checking the receiving servers …',
    verdicts: {
      delivered: 'Mail would be delivered.',
      bounced: 'Mail would bounce.',
      'not-known': 'Unknown at the moment.',
    },
    good: 'Meets the requirement.',
    trusted: 'Counts as secure without TLS (trusted next hop).',
    requirement: (what: string) => `Checks against this rule: ${what}.`,
    withNames: (n: number) => (n === 0 ? '' : `, with ${count(n, 'other name', 'other names')}`),
    withFingerprints: (n: number) => `, ${count(n, 'fingerprint', 'fingerprints')}`,
    session: 'Connection',
    certificate: 'Certificate',
    dialogue: 'Dialogue inside TLS',
    noAnswer: 'no answer',
    checkRecipient: 'Also check whether the recipient is accepted',
    checkRecipientHint: 'Sends MAIL and RCPT inside TLS, but no message.',
    levels: 'Levels',
    tlsa: 'TLSA records',
    tlsaRecord: (parts: readonly number[], data: string) =>
      `${parts.join(' ')} ${data.slice(0, 16)}${data.length > 16 ? '…' : ''}`,
    tlsaResult: (matches: boolean | null, detail: string | null) =>
      matches === null ? 'not compared' : matches ? 'fits the certificate' : (detail ?? ''),
    levelResult: (level: string, passes: boolean) => `${level}: ${passes ? 'yes' : 'no'}`,
    names: (shown: readonly string[], more: number) =>
      shown.length === 0
        ? 'no name'
        : `for ${shown.join(', ')}${more > 0 ? ` and ${formatNumber(more)} more` : ''}`,
    issuedBy: (issuer: string) => (issuer === '' ? '' : `issued by ${issuer}`),
    until: (day: string, left: number) =>
      left < 0
        ? `expired on ${day}`
        : `valid until ${day}${left < 30 ? ` (${count(left, 'day', 'days')} left)` : ''}`,
    chainTrusted: 'trusted',
    chainNotTrusted: (why: string) => `not trusted${why === '' ? '' : `: ${why}`}`,
    pin: (host: string) => `Add the key of ${host} to the list`,
    pinned: 'on the list',
    hosts: (domain: string) => `Receiving servers of ${domain}`,
    bounceTitle: 'The bounce a sender would get',
    bounceTo: 'Recipient',
    bounceAsk: 'Show bounce',
    bounceSubject: 'Subject',
  },
  effects: {
    title: 'What this changes',
  },
  findings: {
    title: (name: string) => `Rule ${name} is on`,
    unknownReports: 'What report mode observed is unknown: the delivery log is off or unavailable.',
    none: 'In the last 30 days, no message matched this rule in report mode.',
    saw: (messages: number, bounced: number) =>
      `In the last 30 days, ${count(messages, 'message', 'messages')} matched this rule in report mode; ${
        bounced === 0
          ? 'none would have bounced.'
          : bounced === messages
            ? `${messages === 1 ? 'it' : 'all'} would have bounced.`
            : `${formatNumber(bounced)} would have bounced.`
      }`,
    unknown: (n: number) => `For ${count(n, 'message', 'messages')} the result is unknown.`,
    otherLevels: (n: number, level: string) =>
      `${count(n, 'message', 'messages')} checked at another level than ${level} ${n === 1 ? 'is' : 'are'} not counted.`,
    bounces: 'Would have bounced, by partner',
    partner: (domain: string, n: number) => `${domain}: ${count(n, 'message', 'messages')}`,
  },
  period: {
    title: 'When the rule is active',
    lead: 'Without times, the rule is active whenever it is switched on.',
    zone: (zone: string) => `Times are in your time zone, ${zone}.`,
    startsAt: fields.startsAt,
    expiresAt: fields.expiresAt,
    empty: { startsAt: 'no start time', expiresAt: 'no end time' },
    removeLabel: { startsAt: 'Remove From', expiresAt: 'Remove Until' },
    incomplete: 'Not saved: enter both date and time, or remove them.',
    order: 'The end must be after the start.',
    gap: (zone: string, nearest: string) =>
      `Not saved: clocks in ${zone} go forward and skip this time. The next valid time is ${nearest}.`,
    twice: 'this hour occurs twice that day; the first one is used',
    starts: (when: string) => `from ${when}`,
    ends: (when: string) => `until ${when}`,
    ended: (when: string) => `ended ${when}`,
  },
  waiting: {
    title: 'Waiting',
    lead: 'Mail that cannot leave yet, because TLS to its recipients fails or its rules are unknown. It is tried again by itself.',
    partner: 'Partner',
    owner: 'Owner of the rule',
    search: 'Show',
    empty: 'No mail is waiting.',
    emptyNext: 'Mail appears here while TLS to its recipients fails for a reason that may pass.',
    emptyFiltered: 'No waiting mail fits. Try another partner or owner.',
    unknown: 'Unknown',
    unknownNext: 'No Haraka has said yet what waits there. Is one running with these rules?',
    down: (name: string, seen: string) =>
      `${name} has not been seen since ${seen}. Its waiting mail is shown as it was then.`,
    more: (name: string) => `${name} has more mail waiting than it lists.`,
    chooseAll: 'Select all',
    chooseNone: 'Select none',
    chosen: (count: number) => (count === 0 ? 'Select messages first.' : `${count} selected`),
    showMore: 'Show more',
    busy: "Waiting for Haraka's answer …",
    actions: { retry: 'Try now', fail: 'Give up', release: 'Release without TLS' },
    several: (first: string, count: number) => `${first} and ${count - 1} more`,
    from: (sender: string, rules: readonly string[]) =>
      `From ${sender}${rules.length === 0 ? '' : `. Required by: ${rules.join(', ')}`}.`,
    times: (at: {
      readonly since: string
      readonly tries: number
      readonly next: string | null
      readonly until: string
    }) =>
      `Since ${at.since}, tried ${at.tries === 1 ? 'once' : `${at.tries} times`}. ` +
      `Next try ${at.next ?? 'now'}, given up ${at.until}.`,
    released: 'Released',
    reason: 'Reason',
    reasonHint: 'Recorded with your name in the history and the delivery log.',
    reasonMissing: 'Say why.',
    sure: {
      retry: (count: number) => `Try ${count === 1 ? 'this message' : `${count} messages`} now?`,
      fail: (count: number) => `Give up ${count === 1 ? 'this message' : `${count} messages`}?`,
      release: () => 'Release this message without TLS?',
    },
    willHappen: {
      retry: (partners: readonly string[]) =>
        `Haraka connects to ${partners.join(', ')} now. The rules stay as they are: mail leaves only over TLS as required.`,
      fail: (partners: readonly string[]) =>
        `Mail to ${partners.join(', ')} is not tried again. Each sender gets a bounce that says why. This cannot be undone.`,
    },
    releaseWarning: (partner: string) =>
      `This message goes to ${partner} once WITHOUT the TLS that its rules require. Others may be able to read it on its way. This cannot be undone. Other messages are not affected.`,
    yes: { retry: 'Try now', fail: 'Give up', release: 'Release without TLS' },
    became: (count: number, says: string) => `${count === 1 ? '1 message' : `${count} messages`}: ${says}.`,
    result: (results: readonly { readonly done: boolean | null }[]) =>
      `${results.filter(({ done }) => done === true).length} of ${results.length} done.`,
  },
  history: {
    title: 'History',
    lead: 'Who changed what, and when. Changes can be undone.',
    empty: 'No changes yet.',
    undo: 'Undo',
    undoLabel: (what: string, when: string) => `Undo the change of ${what} at ${when}`,
    undone: 'The change was undone.',
    /** The server names the fields of the rule. */
    difference: (line: string) =>
      ({
        'enabled: false → true': 'switched on',
        'enabled: nothing → true': 'switched on',
        'enabled: true → false': 'switched off',
        'enabled: nothing → false': 'switched off',
      })[line] ??
      line
        .replace(/^position: (\d+) → (\d+)$/, 'moved from place $1 to $2')
        .replace(/^[\w.]+(?=: )/, nameOfField),
    place: {
      rules: (field: string, owner: string) =>
        `Rule ${field} of ${owner === '*' ? 'the whole service' : owner}`,
      domains: (field: string) => `Service of ${field}`,
      groups: (field: string) => `Group ${field}`,
      releases: (field: string) => `Message ${field}`,
    },
    named: (name: string, owner: string) =>
      `Rule “${name}” of ${owner === '*' ? 'the whole service' : owner}`,
  },
  groups: {
    title: 'Groups',
    lead: 'Named lists of domains and addresses. Rules refer to them as group:name.',
    empty: 'No groups yet.',
    emptyNext: 'Create one for partners that several rules refer to.',
    name: 'Name of the new group',
    create: 'Create',
    entries: 'Domains and addresses',
    entryCount: (n: number) => count(n, 'entry', 'entries'),
    back: 'Back to groups',
    new: 'Not saved yet. The group is saved automatically as soon as it has an entry.',
    lastEntry: 'A group needs at least one entry. Delete the group instead.',
    delete: 'Delete this group',
    deleteSure: (name: string) => `Delete group ${name}?`,
    inRules: (name: string) => `Refer to it in rules as group:${name}.`,
    conflict: 'This group was changed while you were editing',
    adminOnly: 'Read-only: groups belong to the whole service, and only an administrator can change them.',
    hint: 'bank.example, .bank.example (any subdomain), or cfo@bank.example. You can paste a whole list.',
    nameMissing: 'Enter a name for the group first.',
  },
  overview: {
    title: 'Overview',
    lead: 'What happened to mail that rules cover.',
    of: 'Domain',
    all: 'All',
    period: 'Period',
    periods: { '1d': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' },
    empty: 'No mail was covered by a rule in this period.',
    emptyNext: 'Switch a rule on or choose a longer period.',
    byDay: 'Messages by day',
    versions: 'TLS versions',
    partners: 'Partners with failures',
    noPartners: 'No failures in this period.',
    expiring: 'Certificates that expire soon',
    day: 'Day',
    delivered: 'Delivered over TLS',
    bounced: 'Bounced',
    waiting: 'Waiting',
    wouldBounce: 'Would have bounced',
    version: 'Version',
    messages: 'Messages',
    partner: 'Partner',
    reasons: 'Failed attempts',
    classes: {
      'starttls-not-supported': 'No STARTTLS',
      'starttls-deferred': 'STARTTLS deferred',
      'starttls-refused': 'STARTTLS refused',
      'handshake-failure': 'TLS handshake failed',
      'certificate-not-trusted': 'Certificate not trusted',
      'certificate-expired': 'Certificate expired',
      'certificate-host-mismatch': 'Certificate name mismatch',
      'fingerprint-mismatch': 'Fingerprint mismatch',
      'starttls-injection': 'Tampered STARTTLS reply',
    } as Readonly<Record<string, string>>,
    noTls: 'trusted next hop',
    host: 'Server',
    expires: 'Expires',
    showData: 'Show as a table',
    days: 'Days are counted in UTC.',
  },
  account: {
    title: 'Your account',
    role: 'Role',
    domains: 'Domains',
    allDomains: 'all',
    password: 'Change your password',
    old: 'Current password',
    new: 'New password',
    newHint: 'At least 12 characters. Signs you out of all other sessions.',
    submit: 'Change password',
    done: 'Your password was changed.',
  },
} as const
