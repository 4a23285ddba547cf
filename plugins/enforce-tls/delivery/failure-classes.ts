/**
 * The ordered table of the failure classes: what each is called, what it means for the message, and how it is said. Pure.
 *
 * Class names are RFC 8460's result types where there is one; the status details are RFC 3463's: X.7.4
 * "security features not supported", X.7.5 "cryptographic failure".
 */

interface ClassDefinition {
  readonly name: string
  /** Subject and detail of the enhanced status code. */
  readonly status: string
  /** Whether another attempt later can be expected to end otherwise. */
  readonly temporary: boolean
  /** What happened, as the end of the sentence "The receiving server …". */
  readonly says: string
  /** What the sender can do, for a person who knows nothing of mail. */
  readonly advice: string
  /** Whether TLS was there, and only the certificate was not as required. */
  readonly isCertificate?: true
  /** Whether it is about what the recipient's domain publishes, so that it may have come to no connection. */
  readonly isPublished?: true
  /** Whether it is about settings of this mail system, so that it says nothing of the server. */
  readonly isOurs?: true
  /** Whether it is about a gateway and not about the recipients' servers. */
  readonly isGateway?: true
  /** Whether it may be over by itself, where it is temporary: a server or a look-up that does not work at the moment. */
  readonly mayPass?: true
}

const ACCEPT_TLS = informRecipient('their mail server has to accept encrypted (TLS) connections')

const ASK_ADMIN =
  'Tell your own mail administrator: the gateway that your message has to go through did not take it. Send the message again once that is fixed; until then, reach the recipient in another way.'

/** Every way in which TLS can fail. */
const FAILURE_CLASSES = [
  {
    name: 'starttls-not-supported',
    status: '7.4',
    temporary: false,
    says: 'does not offer TLS',
    advice: ACCEPT_TLS,
  },
  {
    name: 'starttls-deferred',
    status: '7.4',
    temporary: true,
    says: 'asked to try TLS again later',
    advice: informRecipient('their mail server keeps postponing encryption (TLS)'),
    mayPass: true,
  },
  {
    name: 'starttls-refused',
    status: '7.4',
    temporary: false,
    says: 'offered TLS, then refused it',
    advice: ACCEPT_TLS,
  },
  {
    name: 'handshake-failure',
    status: '7.5',
    temporary: false,
    says: 'failed to set up TLS',
    advice: informRecipient('their mail server needs a current version of encryption (TLS) that works'),
    mayPass: true,
  },
  {
    name: 'certificate-not-trusted',
    status: '7.5',
    temporary: false,
    says: 'has a certificate that is not trusted',
    advice: informRecipient('their mail server needs a certificate from a trusted authority'),
    isCertificate: true,
  },
  {
    name: 'certificate-expired',
    status: '7.5',
    temporary: false,
    says: 'has a certificate that has expired',
    advice: informRecipient('the certificate of their mail server has expired'),
    isCertificate: true,
  },
  {
    name: 'certificate-host-mismatch',
    status: '7.5',
    temporary: false,
    says: 'has a certificate for another name',
    advice: informRecipient('the certificate of their mail server is for another name'),
    isCertificate: true,
  },
  {
    name: 'fingerprint-mismatch',
    status: '7.5',
    temporary: false,
    says: 'has a certificate other than the required one',
    advice:
      "Ask your own mail administrator: if the recipient's mail server has a new certificate, the rule has to list it. Until then, reach the recipient in another way.",
    isCertificate: true,
  },
  {
    name: 'starttls-injection',
    status: '7.5',
    temporary: false,
    says: 'sent unencrypted data where TLS should begin, which can be a sign of an attack',
    advice:
      'Tell your own mail administrator that somebody may be interfering with the connection. Do not send the message again before that is resolved.',
  },
  // What the recipient's domain publishes. An answer that fails, and records that are being changed, look the same from
  // here, so that another attempt may always end otherwise (RFC 7672 section 2.1.1, RFC 8461 section 5).
  {
    name: 'tlsa-invalid',
    status: '7.5',
    temporary: true,
    says: 'has a certificate that its DANE records in DNS (TLSA) do not confirm',
    advice: theirsToPublish(
      'the certificate of their mail server does not match their TLSA records (DANE) in DNS',
    ),
    isCertificate: true,
    isPublished: true,
  },
  {
    name: 'dnssec-invalid',
    status: '7.5',
    temporary: true,
    says: 'could not be looked up securely in DNS',
    advice:
      "Tell your own mail administrator: the fault can be in the DNS here, or in that of the recipient's domain. Send the message again once it is fixed; until then, reach the recipient in another way.",
    isPublished: true,
    mayPass: true,
  },
  {
    name: 'resolver-unavailable',
    status: '4.3',
    temporary: true,
    says: 'could not be looked up, because no DNS resolver here gives answers that can be trusted',
    advice:
      'Tell your own mail administrator: the DNS resolver that this mail system needs does not work, or does not validate DNSSEC. Send the message again once it does; until then, reach the recipient in another way.',
    isPublished: true,
    mayPass: true,
  },
  {
    name: 'dane-required',
    status: '7.4',
    temporary: true,
    says: 'is not confirmed by signed records in DNS (DANE)',
    advice: theirsToPublish(
      'their mail server needs TLSA records (DANE) in DNS, and their domain has to be signed with DNSSEC',
    ),
    isPublished: true,
  },
  {
    name: 'sts-policy-fetch-error',
    status: '7.5',
    temporary: true,
    says: 'could not be verified, because the MTA-STS policy of its domain cannot be fetched',
    advice: theirsToPublish('their MTA-STS policy cannot be fetched'),
    isPublished: true,
    mayPass: true,
  },
  {
    name: 'sts-policy-invalid',
    status: '7.5',
    temporary: true,
    says: 'could not be verified, because the MTA-STS policy of its domain is not valid',
    advice: theirsToPublish('their MTA-STS policy is not valid'),
    isPublished: true,
  },
  {
    name: 'sts-webpki-invalid',
    status: '7.5',
    temporary: true,
    says: 'could not be verified, because the web server with the MTA-STS policy of its domain has no valid certificate',
    advice: theirsToPublish('the web server with their MTA-STS policy needs a valid certificate'),
    isPublished: true,
  },
  {
    name: 'mx-not-listed',
    status: '7.5',
    temporary: true,
    says: 'is not among those that the MTA-STS policy of its domain lists',
    advice: theirsToPublish('their MTA-STS policy does not list their mail server'),
    isPublished: true,
  },
  {
    name: 'nothing-published',
    status: '7.4',
    temporary: true,
    says: 'could not be verified, because its domain does not publish what the rule requires',
    advice: theirsToPublish(
      'their domain does not publish how its mail server can be verified (MTA-STS, DANE)',
    ),
    isPublished: true,
  },
  {
    name: 'trust-unusable',
    status: '3.5',
    temporary: true,
    says: 'could not be contacted, because the TLS settings of this mail system for it cannot be used',
    advice:
      'Tell your own mail administrator: the TLS settings here for this partner have to be corrected. Then send the message again; until then, reach the recipient in another way.',
    isOurs: true,
  },
  {
    name: 'gateway-unavailable',
    status: '4.1',
    temporary: true,
    says: 'could not take the message',
    advice: ASK_ADMIN,
    isGateway: true,
    mayPass: true,
  },
  {
    name: 'gateway-misconfigured',
    status: '3.5',
    temporary: true,
    says: 'is not set up here as the rules need it',
    advice: ASK_ADMIN,
    isGateway: true,
  },
  {
    name: 'gateway-loop',
    status: '4.6',
    temporary: false,
    says: 'is not given a message that goes round in circles',
    advice: ASK_ADMIN,
    isGateway: true,
  },
] as const satisfies readonly ClassDefinition[]

/** The name of a failure class. */
export type FailureClass = (typeof FAILURE_CLASSES)[number]['name']

/** The names of all failure classes. */
export const FAILURE_CLASS_NAMES: readonly FailureClass[] = FAILURE_CLASSES.map(({ name }) => name)

/** Advice where the recipient's side has to mend something. */
function informRecipient(what: string): string {
  return (
    `Tell the recipient, by phone for example, that ${what}, and send the message again once that is fixed. ` +
    'If the message needs no encryption, ask your own mail administrator to change the rule.'
  )
}

/** The same where it is about what their domain publishes. */
function theirsToPublish(what: string): string {
  return (
    `Tell the recipient, by phone for example, that ${what}: their mail administrator can fix that. Then send the message again. ` +
    'If the message may go without this check, ask your own mail administrator to change the rule.'
  )
}

/** The definition of a failure class. */
export function definitionOf(name: FailureClass): ClassDefinition {
  const definition = FAILURE_CLASSES.find((row) => row.name === name)
  if (!definition) throw new TypeError(`${name} is no failure class`)
  return definition
}
