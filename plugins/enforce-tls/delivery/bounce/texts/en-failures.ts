/** What a sender, and the administrators of the recipient's servers, can do about each class of failure, in English. */
import { listsIn, policyOf, waysOutIn } from './grammar.js'
import type { NoticeTexts, Request } from './types.js'

/** A list in a sentence. */
export const listed = listsIn('en-GB', (count) => `${count} more`)

/** How a message goes in spite of a failure. */
export const wayOut = waysOutIn(
  {
    encryption: 'If the message needs no encryption',
    check: 'If the message may go without this check',
    onward: 'If encryption as far as that server is enough',
  },
  {
    rules: 'ask your own mail administrator to change the rule',
    sender: 'send it again without REQUIRETLS',
    both: 'ask your own mail administrator to change the rule, and then send it again without REQUIRETLS',
  },
)

export const failures: NoticeTexts['failures'] = {
  'starttls-not-supported': {
    advice: informRecipient('their mail server has to accept encrypted (TLS) connections'),
    ask: (request) =>
      `${yours(request, 'does', 'do')} not offer STARTTLS. Please enable it there, with ${request.version} or later.`,
  },
  'starttls-deferred': {
    advice: informRecipient('their mail server keeps postponing encryption (TLS)'),
    ask: (request) =>
      `${yours(request, 'answers', 'answer')} STARTTLS with a temporary error (4yz). Please make sure that ${request.version} or later is available there.`,
  },
  'starttls-refused': {
    advice: informRecipient('their mail server has to accept encrypted (TLS) connections'),
    ask: (request) =>
      `${yours(request, 'offers', 'offer')} STARTTLS, but ${request.hosts.length > 1 ? 'reject' : 'rejects'} the command with an error (5yz). Please make sure that ${request.version} or later works there.`,
  },
  'handshake-failure': {
    advice: informRecipient('their mail server needs a current version of encryption (TLS) that works'),
    ask: (request) =>
      `The TLS handshake with ${hostsIn(request)} fails. Please make sure that ${request.version} or later works there, with a cipher suite that is in common use.`,
  },
  'certificate-not-trusted': {
    advice: informRecipient('their mail server needs a certificate from a trusted authority'),
    ask: (request) =>
      `${yours(request, 'presents', 'present')} no certificate that leads to an authority that we trust. ` +
      (request.agreedAuthority
        ? 'Please install one from the authority that was agreed with us, with all intermediate certificates.'
        : 'Please install one from a publicly trusted authority, with all intermediate certificates.'),
  },
  'certificate-expired': {
    advice: informRecipient('the certificate of their mail server has expired'),
    ask: (request) =>
      `${yours(request, 'presents', 'present')} a certificate outside its period of validity. Please install a current one.`,
  },
  'certificate-host-mismatch': {
    advice: informRecipient('the certificate of their mail server is for another name'),
    ask: (request) =>
      `${yours(request, 'presents', 'present')} a certificate for another name. ` +
      `Please install one whose subject alternative names include ${certificateNameIn(request)}.`,
  },
  'fingerprint-mismatch': {
    advice:
      "Ask your own mail administrator: if the recipient's mail server has a new certificate, the rule has to list it. Until then, reach the recipient in another way.",
    ask: null,
  },
  'starttls-injection': {
    advice:
      'Tell your own mail administrator that somebody may be interfering with the connection. Do not send the message again before that is resolved.',
    ask: null,
  },
  'tlsa-invalid': {
    advice: theirsToPublish(
      'the certificate of their mail server does not match their TLSA records (DANE) in DNS',
    ),
    ask: (request) =>
      `The TLSA records (DANE) in DNS do not confirm the certificate that ${hostsIn(request)} ${request.hosts.length > 1 ? 'present' : 'presents'}. Please publish records for the certificate in use (RFC 7672, usage 3 or 2).`,
  },
  'dnssec-invalid': {
    advice:
      "Tell your own mail administrator: the fault can be in the DNS here, or in that of the recipient's domain. Send the message again once it is fixed; until then, reach the recipient in another way.",
    ask: null,
  },
  'resolver-unavailable': {
    advice:
      'Tell your own mail administrator: the DNS resolver that this mail system needs does not work, or does not validate DNSSEC. Send the message again once it does; until then, reach the recipient in another way.',
    ask: null,
  },
  'dane-required': {
    advice: theirsToPublish(
      'their mail server needs TLSA records (DANE) in DNS, and their domain has to be signed with DNSSEC',
    ),
    ask: (request) =>
      `No TLSA records (DANE) that DNSSEC secures were found for ${hostsIn(request)}. Please sign your zones, and publish TLSA records for the certificate in use (RFC 7672).`,
  },
  'sts-policy-fetch-error': {
    advice: theirsToPublish('their MTA-STS policy cannot be fetched'),
    ask: ({ domain }) =>
      `Your MTA-STS policy cannot be fetched from ${policyOf(domain)}. Please make sure that it is there (RFC 8461).`,
  },
  'sts-policy-invalid': {
    advice: theirsToPublish('their MTA-STS policy is not valid'),
    ask: ({ domain }) =>
      `Your MTA-STS policy at ${policyOf(domain)}, or its TXT record at _mta-sts.${domain}, is not valid. Please correct it (RFC 8461).`,
  },
  'sts-webpki-invalid': {
    advice: theirsToPublish('the web server with their MTA-STS policy needs a valid certificate'),
    ask: ({ domain }) =>
      `The web server mta-sts.${domain} with your MTA-STS policy has no valid certificate for that name. Please install one from a publicly trusted authority.`,
  },
  'mx-not-listed': {
    advice: theirsToPublish('their MTA-STS policy does not list their mail server'),
    ask: (request) =>
      `Your MTA-STS policy at ${policyOf(request.domain)} does not list ${hostsIn(request)}, as your MX records do. Please make the two agree (RFC 8461).`,
  },
  'nothing-published': {
    advice: theirsToPublish(
      'their domain does not publish how its mail server can be verified (MTA-STS, DANE)',
    ),
    ask: ({ domain }) =>
      `Nothing is published for ${domain} that lets us verify its mail server. Please publish an MTA-STS policy of mode enforce (RFC 8461), or TLSA records secured by DNSSEC (DANE, RFC 7672).`,
  },
  'requiretls-not-supported': {
    advice: informRecipient(
      'their mail server has to promise that mail stays encrypted beyond it (REQUIRETLS)',
    ),
    ask: (request) =>
      `${yours(request, 'does', 'do')} not offer REQUIRETLS inside TLS. Please enable it there, if you can keep what it promises (RFC 8689).`,
  },
  'requiretls-refused': {
    advice: informRecipient(
      'their mail server offers REQUIRETLS, the promise that mail stays encrypted beyond it, but refuses to give it',
    ),
    ask: (request) =>
      `${yours(request, 'offers', 'offer')} REQUIRETLS inside TLS, but ${request.hosts.length > 1 ? 'reject' : 'rejects'} MAIL with that parameter. Please make sure that it works there as it is offered (RFC 8689).`,
  },
  'trust-unusable': {
    advice:
      'Tell your own mail administrator: the TLS settings here for this partner have to be corrected. Then send the message again; until then, reach the recipient in another way.',
    ask: null,
  },
  'gateway-unavailable': { advice: askForGateway(), ask: null },
  'gateway-misconfigured': { advice: askForGateway(), ask: null },
  'gateway-loop': { advice: askForGateway(), ask: null },
}

/** Where the recipient's side has to mend something. */
function informRecipient(what: string): string {
  return `Tell the recipient, by phone for example, that ${what}, and send the message again once that is fixed.`
}

/** The same where it is about what their domain publishes. */
function theirsToPublish(what: string): string {
  return `Tell the recipient, by phone for example, that ${what}: their mail administrator can fix that. Then send the message again.`
}

function askForGateway(): string {
  return 'Tell your own mail administrator: the gateway that your message has to go through could not be used. Send the message again once that is fixed; until then, reach the recipient in another way.'
}

/** Their servers, with the verb. */
function yours(request: Request, one: string, several: string): string {
  const { hosts } = request
  return hosts.length > 1
    ? `Your mail servers ${hostsIn(request)} ${several}`
    : `Your mail server ${hostsIn(request)} ${one}`
}

function hostsIn({ hosts }: Request): string {
  return listed(hosts)
}

function certificateNameIn({ certificateName, domain }: Request): string {
  switch (certificateName) {
    case 'host':
      return 'the name of the mail server, as in your MX record'
    case 'domain':
      return `${domain} or a subdomain of it`
    case 'host and domain':
      return `the name of the mail server, as in your MX record, and ${domain} or a subdomain of it`
    default:
      return certificateName.is
  }
}
