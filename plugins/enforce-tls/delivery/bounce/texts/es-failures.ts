/** What a sender, and the administrators of the recipient's servers, can do about each class of failure, in Spanish. */
import type { FailureClass } from '../../failure-classes.js'
import { listsIn, policyOf, waysOutIn } from './grammar.js'
import type { NoticeTexts, Request } from './types.js'

/** A list in a sentence. */
export const listed = listsIn('es', (count) => `${count} más`)

/** What happened, as the end of a sentence about one server, or about a gateway. */
export const says: Readonly<Record<FailureClass, string>> = {
  'starttls-not-supported': 'no ofrece TLS',
  'starttls-deferred': 'ha pedido volver a intentar TLS más tarde',
  'starttls-refused': 'ha ofrecido TLS y después lo ha rechazado',
  'handshake-failure': 'no ha conseguido establecer TLS',
  'certificate-not-trusted': 'tiene un certificado que no es de confianza',
  'certificate-expired': 'tiene un certificado caducado',
  'certificate-host-mismatch': 'tiene un certificado para otro nombre',
  'fingerprint-mismatch': 'tiene un certificado distinto del exigido',
  'starttls-injection':
    'ha enviado datos sin cifrar donde debía empezar TLS, lo que puede ser indicio de un ataque',
  'tlsa-invalid': 'tiene un certificado que sus registros DANE en el DNS (TLSA) no confirman',
  'dnssec-invalid': 'no se ha podido localizar de forma segura en el DNS',
  'resolver-unavailable':
    'no se ha podido localizar, porque ningún resolutor DNS de este sistema da respuestas fiables',
  'dane-required': 'no está confirmado por registros firmados en el DNS (DANE)',
  'sts-policy-fetch-error':
    'no se ha podido verificar, porque la política MTA-STS de su dominio no se puede obtener',
  'sts-policy-invalid': 'no se ha podido verificar, porque la política MTA-STS de su dominio no es válida',
  'sts-webpki-invalid':
    'no se ha podido verificar, porque el servidor web con la política MTA-STS de su dominio no tiene un certificado válido',
  'mx-not-listed': 'no está entre los servidores que enumera la política MTA-STS de su dominio',
  'nothing-published': 'no se ha podido verificar, porque su dominio no publica lo que se exige',
  'requiretls-not-supported': 'no promete reenviar el mensaje cifrado (REQUIRETLS)',
  'requiretls-refused':
    'ha ofrecido REQUIRETLS (la promesa de reenviar los mensajes cifrados) y después lo ha rechazado',
  'trust-unusable':
    'no ha podido ser contactado, porque los ajustes de TLS que este sistema de correo tiene para él no se pueden usar',
  'gateway-unavailable': 'no ha podido aceptar el mensaje',
  'gateway-misconfigured': 'no está configurada aquí como exigen las reglas',
  'gateway-loop': 'no recibe mensajes que circulan en bucle',
}

/** How a message goes in spite of a failure. */
export const wayOut = waysOutIn(
  {
    encryption: 'Si el mensaje no necesita cifrado',
    check: 'Si el mensaje puede enviarse sin esta comprobación',
    onward: 'Si basta el cifrado hasta ese servidor',
  },
  {
    rules: 'pida a su propio administrador de correo que cambie la regla',
    sender: 'vuelva a enviar el mensaje sin REQUIRETLS',
    both: 'pida a su propio administrador de correo que cambie la regla y, después, vuelva a enviar el mensaje sin REQUIRETLS',
  },
)

export const failures: NoticeTexts['failures'] = {
  'starttls-not-supported': {
    advice: informRecipient('su servidor de correo tiene que aceptar conexiones cifradas (TLS)'),
    ask: (request) =>
      `${yours(request, 'no ofrece', 'no ofrecen')} STARTTLS. Por favor, actívenlo allí, con ${request.version} o posterior.`,
  },
  'starttls-deferred': {
    advice: informRecipient('su servidor de correo aplaza una y otra vez el cifrado (TLS)'),
    ask: (request) =>
      `${yours(request, 'responde', 'responden')} a STARTTLS con un error temporal (4yz). Por favor, asegúrense de que allí esté disponible ${request.version} o posterior.`,
  },
  'starttls-refused': {
    advice: informRecipient('su servidor de correo tiene que aceptar conexiones cifradas (TLS)'),
    ask: (request) =>
      `${yours(request, 'ofrece', 'ofrecen')} STARTTLS, pero ${request.hosts.length > 1 ? 'rechazan' : 'rechaza'} el comando con un error (5yz). Por favor, asegúrense de que allí funcione ${request.version} o posterior.`,
  },
  'handshake-failure': {
    advice: informRecipient(
      'su servidor de correo necesita una versión actual del cifrado (TLS) que funcione',
    ),
    ask: (request) =>
      `La negociación TLS con ${hostsIn(request)} falla. Por favor, asegúrense de que allí funcione ${request.version} o posterior, con un conjunto de cifrado de uso común.`,
  },
  'certificate-not-trusted': {
    advice: informRecipient(
      'su servidor de correo necesita un certificado de una autoridad de certificación de confianza',
    ),
    ask: (request) =>
      `${yours(request, 'no presenta', 'no presentan')} ningún certificado que lleve a una autoridad de certificación en la que confiemos. ` +
      (request.agreedAuthority
        ? 'Por favor, instalen uno de la autoridad acordada con nosotros, con todos los certificados intermedios.'
        : 'Por favor, instalen uno de una autoridad de confianza pública, con todos los certificados intermedios.'),
  },
  'certificate-expired': {
    advice: informRecipient('el certificado de su servidor de correo ha caducado'),
    ask: (request) =>
      `${yours(request, 'presenta', 'presentan')} un certificado fuera de su período de validez. Por favor, instalen uno vigente.`,
  },
  'certificate-host-mismatch': {
    advice: informRecipient('el certificado de su servidor de correo es para otro nombre'),
    ask: (request) =>
      `${yours(request, 'presenta', 'presentan')} un certificado para otro nombre. ` +
      `Por favor, instalen uno cuyos nombres alternativos del sujeto (subjectAltName) incluyan ${certificateNameIn(request)}.`,
  },
  'fingerprint-mismatch': {
    advice:
      'Pregunte a su propio administrador de correo: si el servidor de correo del destinatario tiene un certificado nuevo, la regla tiene que incluirlo. Hasta entonces, contacte con el destinatario por otro medio.',
    ask: null,
  },
  'starttls-injection': {
    advice:
      'Avise a su propio administrador de correo de que es posible que alguien esté interfiriendo en la conexión. No vuelva a enviar el mensaje antes de que eso se aclare.',
    ask: null,
  },
  'tlsa-invalid': {
    advice: theirsToPublish(
      'el certificado de su servidor de correo no coincide con los registros TLSA (DANE) de este en el DNS',
    ),
    ask: (request) =>
      `Los registros TLSA (DANE) en el DNS no confirman el certificado que ${request.hosts.length > 1 ? 'presentan' : 'presenta'} ${hostsIn(request)}. Por favor, publiquen registros para el certificado en uso (RFC 7672, uso 3 o 2).`,
  },
  'dnssec-invalid': {
    advice:
      'Avise a su propio administrador de correo: el fallo puede estar en el DNS de este lado o en el del dominio del destinatario. Vuelva a enviar el mensaje cuando el problema esté resuelto; hasta entonces, contacte con el destinatario por otro medio.',
    ask: null,
  },
  'resolver-unavailable': {
    advice:
      'Avise a su propio administrador de correo: el resolutor DNS que necesita este sistema de correo no funciona o no valida DNSSEC. Vuelva a enviar el mensaje cuando el problema esté resuelto; hasta entonces, contacte con el destinatario por otro medio.',
    ask: null,
  },
  'dane-required': {
    advice: theirsToPublish(
      'su servidor de correo necesita registros TLSA (DANE) en el DNS y su dominio tiene que estar firmado con DNSSEC',
    ),
    ask: (request) =>
      `No se encontraron registros TLSA (DANE) protegidos por DNSSEC para ${hostsIn(request)}. Por favor, firmen sus zonas y publiquen registros TLSA para el certificado en uso (RFC 7672).`,
  },
  'sts-policy-fetch-error': {
    advice: theirsToPublish('la política MTA-STS de su dominio no se puede obtener'),
    ask: ({ domain }) =>
      `Su política MTA-STS no se puede obtener de ${policyOf(domain)}. Por favor, asegúrense de que esté allí (RFC 8461).`,
  },
  'sts-policy-invalid': {
    advice: theirsToPublish('la política MTA-STS de su dominio no es válida'),
    ask: ({ domain }) =>
      `Su política MTA-STS en ${policyOf(domain)}, o su registro TXT en _mta-sts.${domain}, no es válida. Por favor, corríjanlo (RFC 8461).`,
  },
  'sts-webpki-invalid': {
    advice: theirsToPublish(
      'el servidor web con la política MTA-STS de su dominio necesita un certificado válido',
    ),
    ask: ({ domain }) =>
      `El servidor web mta-sts.${domain} con su política MTA-STS no tiene un certificado válido para ese nombre. Por favor, instalen uno de una autoridad de confianza pública.`,
  },
  'mx-not-listed': {
    advice: theirsToPublish('la política MTA-STS de su dominio no incluye el servidor de correo'),
    ask: (request) =>
      `Su política MTA-STS en ${policyOf(request.domain)} no incluye ${hostsIn(request)}, y sus registros MX sí. Por favor, hagan que ambos coincidan (RFC 8461).`,
  },
  'nothing-published': {
    advice: theirsToPublish(
      'su dominio no publica cómo se puede verificar su servidor de correo (MTA-STS, DANE)',
    ),
    ask: ({ domain }) =>
      `Para ${domain} no hay nada publicado que nos permita verificar su servidor de correo. Por favor, publiquen una política MTA-STS en modo enforce (RFC 8461) o registros TLSA protegidos por DNSSEC (DANE, RFC 7672).`,
  },
  'requiretls-not-supported': {
    advice: informRecipient(
      'su servidor de correo tiene que prometer que el mensaje seguirá cifrado más allá de ese servidor (REQUIRETLS)',
    ),
    ask: (request) =>
      `${yours(request, 'no ofrece', 'no ofrecen')} REQUIRETLS dentro de TLS. Por favor, actívenlo allí si pueden cumplir lo que promete (RFC 8689).`,
  },
  'requiretls-refused': {
    advice: informRecipient(
      'su servidor de correo ofrece REQUIRETLS, la promesa de que los mensajes sigan cifrados más allá de ese servidor, pero luego se niega a darla',
    ),
    ask: (request) =>
      `${yours(request, 'ofrece', 'ofrecen')} REQUIRETLS dentro de TLS, pero ${request.hosts.length > 1 ? 'rechazan' : 'rechaza'} MAIL con ese parámetro. Por favor, asegúrense de que allí funcione lo que se ofrece (RFC 8689).`,
  },
  'trust-unusable': {
    advice:
      'Avise a su propio administrador de correo: hay que corregir los ajustes de TLS de este sistema para este destinatario. Después, vuelva a enviar el mensaje; hasta entonces, contacte con el destinatario por otro medio.',
    ask: null,
  },
  'gateway-unavailable': { advice: askForGateway(), ask: null },
  'gateway-misconfigured': { advice: askForGateway(), ask: null },
  'gateway-loop': { advice: askForGateway(), ask: null },
}

/** Where the recipient's side has to mend something. */
function informRecipient(what: string): string {
  return `Comunique al destinatario, por ejemplo por teléfono, que ${what}, y vuelva a enviar el mensaje cuando el problema esté resuelto.`
}

/** The same where it is about what their domain publishes. */
function theirsToPublish(what: string): string {
  return `Comunique al destinatario, por ejemplo por teléfono, que ${what}: el administrador de correo de allí puede corregirlo. Después, vuelva a enviar el mensaje.`
}

function askForGateway(): string {
  return 'Avise a su propio administrador de correo: no se ha podido usar la pasarela por la que debe ir su mensaje. Vuelva a enviar el mensaje cuando el problema esté resuelto; hasta entonces, contacte con el destinatario por otro medio.'
}

/** Their servers, with the verb. */
function yours(request: Request, one: string, several: string): string {
  return request.hosts.length > 1
    ? `Sus servidores de correo ${hostsIn(request)} ${several}`
    : `Su servidor de correo ${hostsIn(request)} ${one}`
}

function hostsIn({ hosts }: Request): string {
  return listed(hosts)
}

function certificateNameIn({ certificateName, domain }: Request): string {
  switch (certificateName) {
    case 'host':
      return 'el nombre del servidor de correo, tal como está en su registro MX'
    case 'domain':
      return `${domain} o un subdominio suyo`
    case 'host and domain':
      return `el nombre del servidor de correo, tal como está en su registro MX, y ${domain} o un subdominio suyo`
    default:
      return certificateName.is
  }
}
