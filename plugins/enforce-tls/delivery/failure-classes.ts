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
  /** Who can mend it: the recipient's side, this one, or one of both, which is not known. */
  readonly side: 'theirs' | 'ours' | 'either'
  /** Whether TLS was there, and only the certificate was not as required. */
  readonly isCertificate?: true
  /** Whether it is about what the recipient's domain publishes, so that it may have come to no connection. */
  readonly isPublished?: true
  /** Whether TLS is as required, and only the way behind the server is not. */
  readonly isOnward?: true
  /** Whether it is about settings of this mail system, so that it says nothing of the server. */
  readonly isOurs?: true
  /** Whether it is about a gateway and not about the recipients' servers. */
  readonly isGateway?: true
  /** Whether it may be over by itself, where it is temporary: a server or a look-up that does not work at the moment. */
  readonly mayPass?: true
}

/** Every way in which TLS can fail. */
const FAILURE_CLASSES = [
  {
    name: 'starttls-not-supported',
    status: '7.4',
    temporary: false,
    says: 'does not offer TLS',
    side: 'theirs',
  },
  {
    name: 'starttls-deferred',
    status: '7.4',
    temporary: true,
    says: 'asked to try TLS again later',
    side: 'theirs',
    mayPass: true,
  },
  {
    name: 'starttls-refused',
    status: '7.4',
    temporary: false,
    says: 'offered TLS, then refused it',
    side: 'theirs',
  },
  {
    name: 'handshake-failure',
    status: '7.5',
    temporary: false,
    says: 'failed to set up TLS',
    side: 'theirs',
    mayPass: true,
  },
  {
    name: 'certificate-not-trusted',
    status: '7.5',
    temporary: false,
    says: 'has a certificate that is not trusted',
    side: 'theirs',
    isCertificate: true,
  },
  {
    name: 'certificate-expired',
    status: '7.5',
    temporary: false,
    says: 'has a certificate that has expired',
    side: 'theirs',
    isCertificate: true,
  },
  {
    name: 'certificate-host-mismatch',
    status: '7.5',
    temporary: false,
    says: 'has a certificate for another name',
    side: 'theirs',
    isCertificate: true,
  },
  {
    name: 'fingerprint-mismatch',
    status: '7.5',
    temporary: false,
    says: 'has a certificate other than the required one',
    side: 'either',
    isCertificate: true,
  },
  {
    name: 'starttls-injection',
    status: '7.5',
    temporary: false,
    says: 'sent unencrypted data where TLS should begin, which can be a sign of an attack',
    side: 'either',
  },
  // What the recipient's domain publishes. An answer that fails, and records that are being changed, look the same from
  // here, so that another attempt may always end otherwise (RFC 7672 section 2.1.1, RFC 8461 section 5).
  {
    name: 'tlsa-invalid',
    status: '7.5',
    temporary: true,
    says: 'has a certificate that its DANE records in DNS (TLSA) do not confirm',
    side: 'theirs',
    isCertificate: true,
    isPublished: true,
  },
  {
    name: 'dnssec-invalid',
    status: '7.5',
    temporary: true,
    says: 'could not be looked up securely in DNS',
    side: 'either',
    isPublished: true,
    mayPass: true,
  },
  {
    name: 'resolver-unavailable',
    status: '4.3',
    temporary: true,
    says: 'could not be looked up, because no DNS resolver here gives answers that can be trusted',
    side: 'ours',
    isPublished: true,
    mayPass: true,
  },
  {
    name: 'dane-required',
    status: '7.4',
    temporary: true,
    says: 'is not confirmed by signed records in DNS (DANE)',
    side: 'theirs',
    isPublished: true,
  },
  {
    name: 'sts-policy-fetch-error',
    status: '7.5',
    temporary: true,
    says: 'could not be verified, because the MTA-STS policy of its domain cannot be fetched',
    side: 'theirs',
    isPublished: true,
    mayPass: true,
  },
  {
    name: 'sts-policy-invalid',
    status: '7.5',
    temporary: true,
    says: 'could not be verified, because the MTA-STS policy of its domain is not valid',
    side: 'theirs',
    isPublished: true,
  },
  {
    name: 'sts-webpki-invalid',
    status: '7.5',
    temporary: true,
    says: 'could not be verified, because the web server with the MTA-STS policy of its domain has no valid certificate',
    side: 'theirs',
    isPublished: true,
  },
  {
    name: 'mx-not-listed',
    status: '7.5',
    temporary: true,
    says: 'is not among those that the MTA-STS policy of its domain lists',
    side: 'theirs',
    isPublished: true,
  },
  {
    name: 'nothing-published',
    status: '7.4',
    temporary: true,
    says: 'could not be verified, because its domain does not publish what is required',
    side: 'theirs',
    isPublished: true,
  },
  // RFC 8689 section 5 has X.7.30 "REQUIRETLS support required".
  {
    name: 'requiretls-not-supported',
    status: '7.30',
    temporary: false,
    says: 'does not promise to pass the message on encrypted (REQUIRETLS)',
    side: 'theirs',
    isOnward: true,
  },
  {
    name: 'requiretls-refused',
    status: '7.30',
    temporary: false,
    says: 'offered REQUIRETLS (the promise to pass messages on encrypted), then refused it',
    side: 'theirs',
    isOnward: true,
  },
  {
    name: 'trust-unusable',
    status: '3.5',
    temporary: true,
    says: 'could not be contacted, because the TLS settings of this mail system for it cannot be used',
    side: 'ours',
    isOurs: true,
  },
  {
    name: 'gateway-unavailable',
    status: '4.1',
    temporary: true,
    says: 'could not take the message',
    side: 'ours',
    isGateway: true,
    mayPass: true,
  },
  {
    name: 'gateway-misconfigured',
    status: '3.5',
    temporary: true,
    says: 'is not set up here as the rules need it',
    side: 'ours',
    isGateway: true,
  },
  {
    name: 'gateway-loop',
    status: '4.6',
    temporary: false,
    says: 'is not given a message that goes round in circles',
    side: 'ours',
    isGateway: true,
  },
] as const satisfies readonly ClassDefinition[]

/** The name of a failure class. */
export type FailureClass = (typeof FAILURE_CLASSES)[number]['name']

/** The names of all failure classes. */
export const FAILURE_CLASS_NAMES: readonly FailureClass[] = FAILURE_CLASSES.map(({ name }) => name)

/** The definition of a failure class. */
export function definitionOf(name: FailureClass): ClassDefinition {
  const definition = FAILURE_CLASSES.find((row) => row.name === name)
  if (!definition) throw new TypeError(`${name} is no failure class`)
  return definition
}
