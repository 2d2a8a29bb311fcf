/** Programs that fetch a link to show a preview of it in a chat or a feed, by a part of their user agent. */
const previews =
  /slackbot|slack-imgproxy|twitterbot|facebookexternalhit|facebookcatalog|facebot|meta-externalfetcher|^whatsapp\/|telegrambot|discordbot|linkedinbot|pinterestbot|redditbot|skypeuripreview|microsoftpreview|snap url preview|vkshare|viber(?:\/|bot)(?=.*bot)|kakaotalk-scrap|line-poker|embedly|iframely|bitlybot|mastodon\/|cardyb|bluesky|synapse|xing-contenttabreceiver|google-pagerenderer|applebot-preview|tumblr\/|flipboardproxy|zoombot|rocket\.chat|mattermost-bot|signal-link-preview|nextcloud server crawler/i;

/** Programs that only ask whether something still answers. */
const monitors =
  /uptimerobot|pingdom|statuscake|site24x7|better ?(?:uptime|stack)|newrelic(?:pinger|synthetics)|datadogsynthetics|updown\.io|uptime-?kuma|checkly|googlestackdrivermonitoring|google-cloud-monitoring|amazon-route53-health-check|elb-healthchecker|kube-probe|zabbix|check_http|hetrix|freshping|montastic|nagios|prtg|monitis|catchpoint|gtmetrix|oh dear|cloudflare-healthchecks|traffic ?manager|consul health check|cronitor|ohdear/i;

/** The part of a user agent that gives a link preview or a monitor away, with its kind; null for all others. */
export function knownAgent(userAgent: string): { kind: "preview" | "monitor"; name: string } | null {
  const preview = previews.exec(userAgent);
  if (preview) return { kind: "preview", name: preview[0] };
  const monitor = monitors.exec(userAgent);
  return monitor ? { kind: "monitor", name: monitor[0] } : null;
}
