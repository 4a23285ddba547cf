/** Bounce and notice of delay in Spanish. */
import { failures, listed, says, wayOut } from './es-failures.js'
import { ended, gatewayFault, isOther, timesIn } from './grammar.js'
import { causeOf, demandOf, reasonOf, rulesIn } from './es-reasons.js'
import type { GatewayFailure, NoticeTexts } from './types.js'

/** So many recipients are named in the first sentence. */
const NAMED = 3

/** The Spanish texts. */
export const es: NoticeTexts & { readonly language: 'es' } = {
  language: 'es',
  labels: {
    from: 'Sistema de entrega de correo',
    advice: 'Qué hacer ahora',
    tell: 'Lo que puede transmitir al destinatario',
    contact: 'A quién preguntar:',
    link: 'Más sobre el correo cifrado:',
    reason: 'Por qué',
    message: 'De qué mensaje se trata',
    to: 'Para:',
    subject: 'Asunto:',
    dated: 'Enviado:',
    messageId: 'Message-ID:',
    code: 'Código:',
    tried: 'Qué se ha intentado',
  },
  title: (fate, problem) =>
    fate === 'delayed'
      ? 'Su mensaje se ha retrasado'
      : isOther(problem)
        ? 'Su mensaje no se ha entregado'
        : 'Su mensaje no se ha enviado',
  subjectLine: ({ fate, problem, domain, several }) => {
    const isDelayed = fate === 'delayed'
    const not = isDelayed ? 'todavía no' : 'no'
    const what = isDelayed ? 'Retrasado' : isOther(problem) ? 'No entregado' : 'No enviado'
    switch (problem) {
      case 'encryption':
        return `${what}: ${domain} ${not} puede recibir su mensaje cifrado`
      case 'certificate':
        return several
          ? `${what}: ${not} se han podido verificar los certificados de los servidores de correo de ${domain}`
          : `${what}: ${not} se ha podido verificar el certificado del servidor de correo de ${domain}`
      case 'server':
      case 'look-up':
        return `${what}: ${not} se ha podido verificar el servidor de correo de ${domain}`
      case 'mixed':
        return `${what}: ${not} se ha podido llegar a ${domain} con la seguridad exigida`
      case 'ours':
        return `${what}: este sistema de correo ${not} puede enviar a ${domain} como se exige`
      case 'gateway':
      case 'rejected':
      case 'given-up':
      case 'other':
        return `${what}: su mensaje a ${domain}`
    }
  },
  result: (result) => {
    const { fate, problem, recipients } = result
    const became =
      fate === 'delayed' ? 'se ha retrasado' : isOther(problem) ? 'no se ha entregado' : 'no se ha enviado'
    const message = `Su mensaje a ${listed(recipients, NAMED)} ${became}`
    const because = causeOf(result)
    const sentence = because === '' ? `${message}.` : `${message} porque ${because}.`
    return result.gateway === 'instead'
      ? `${sentence} Tampoco se ha podido enviar por una pasarela.`
      : sentence
  },
  side: (side, fate, domain) => {
    const passes = fate === 'delayed' ? 'Si el problema no desaparece por sí solo, ' : ''
    const solve = passes === '' ? 'resolver este problema' : 'resolverlo'
    switch (side) {
      case 'theirs':
        return capital(`${passes}el equipo de correo de ${domain} debe ${solve}.`)
      case 'ours':
        return capital(`${passes}su propio equipo de correo debe ${solve}.`)
      case 'either':
        return capital(`${passes}su propio equipo de correo debe averiguar en qué lado está el fallo.`)
      case 'both':
        return capital(
          `${passes}su propio equipo de correo y el de ${domain} tienen cada uno algo que corregir.`,
        )
      case 'sender':
        return 'El siguiente paso le corresponde a usted.'
    }
  },
  reason: reasonOf,
  demand: demandOf,
  triedOften: 'Se ha intentado varias veces.',
  givenUp: 'Después, un administrador de correo puso fin a los intentos.',
  givenUpReason: (reason) => `El mensaje estaba a la espera de ser enviado: ${ended(reason)}`,
  givenUpAdvice: 'Pregunte a su administrador de correo antes de volver a enviar el mensaje.',
  otherReason: (reason, gateway) =>
    gateway
      ? `Motivo indicado por ${gateway.host}, la pasarela «${gateway.name}» por la que se ha enviado: ${ended(reason)}`
      : `Motivo indicado: ${ended(reason)}`,
  discreetReason: (codes) =>
    codes.length > 0
      ? `el servidor receptor ha respondido ${listed(codes)}; su texto se omite porque este aviso puede viajar sin cifrar`
      : 'la sesión con el servidor receptor ha fallado; su texto se omite porque este aviso puede viajar sin cifrar',
  answered: (answers) => `ha respondido ${listed(answers)}`,
  otherAdvice:
    'Compruebe la dirección y el motivo indicado por el servidor receptor. Si ambos parecen correctos, pregunte a su administrador de correo.',
  delayAdvice: (until) =>
    `Por ahora, nada: no vuelva a enviar el mensaje. Se seguirá intentando hasta el ${until}; si para entonces no se puede enviar, recibirá otro aviso. ` +
    'Si es urgente, contacte con el destinatario por otro medio, por ejemplo por teléfono.',
  whatTlsIs: 'TLS es el cifrado que protege un mensaje en su camino de un servidor de correo al siguiente.',
  whatPublishingIs:
    'Solo sirve si ese es el servidor correcto; por eso los dominios pueden publicar cómo reconocer el suyo: en el DNS (DANE) o en una política en un servidor web (MTA-STS).',
  whatLookingUpIs:
    'Solo sirve si ese es el servidor correcto. Cuál es lo dice el directorio de Internet (DNS), y no ha dado ninguna respuesta fiable.',
  whatAGatewayIs:
    'Una pasarela es un servidor de correo que reenvía mensajes. Esta solo recibe mensajes por una conexión cifrada, y solo después de haber demostrado su identidad.',
  failed: (failure, host) => `${host} ${says[failure]}.`,
  failures,
  wayOut,
  gatewayInstead: (gateway) =>
    `En su lugar, el mensaje debía ir por la pasarela ${placeOf(gateway)}, que ${says[gatewayFault(gateway.failure)]}${detailOf(gateway)}.`,
  gatewayOnly: (gateway) => {
    const { rules } = gateway
    const place = `${placeOf(gateway)}${detailOf(gateway)}.`
    if (rules.length === 0) return `La pasarela es ${place}`
    return rules.length > 1
      ? `Las reglas ${rulesIn(rules)} envían el mensaje por la pasarela ${place}`
      : `La regla ${rulesIn(rules)} envía el mensaje por la pasarela ${place}`
  },
  unconfirmed: {
    subjectLine: (domain) => `Sin confirmar: su mensaje a ${domain}`,
    title: 'Es posible que su mensaje se haya entregado',
    result: (recipients) =>
      `Es posible que su mensaje a ${listed(recipients, NAMED)} se haya entregado: el servidor receptor no lo ha confirmado.`,
    reason:
      'El mensaje completo se ha enviado a un servidor receptor, que no ha respondido. Por eso no se sabe si lo ha aceptado.',
    advice: 'Pregunte al destinatario si el mensaje ha llegado antes de volver a enviarlo.',
  },
  failedAtOnward: (hosts) =>
    `La entrega ha fallado justo en el comando que se lo pide a ${listed(hosts)} (MAIL con REQUIRETLS); no se sabe si esa es la causa.`,
  ask: ({ me, domain, sentences }) =>
    [
      `Para su equipo de correo: nuestro servidor de correo ${me} no ha podido entregar a ${domain} un mensaje que debe viajar por TLS.`,
      ...sentences,
    ].join(' '),
  withheld: 'no se muestra porque este aviso puede viajar sin cifrar',
  unknown: 'se desconoce',
  none: 'ninguna',
  writtenBy: (me) => `Este aviso lo ha redactado el sistema de correo de ${me}.`,
  time: timesIn('es', 'long'),
}

function placeOf({ name, host }: GatewayFailure): string {
  return host === name ? `«${name}»` : `«${name}» (${host})`
}

/** It is of the log's language, English, or that of a server. */
function detailOf({ detail }: GatewayFailure): string {
  return detail === '' ? '' : `. Detalle técnico: ${detail.replace(/\.$/, '')}`
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
