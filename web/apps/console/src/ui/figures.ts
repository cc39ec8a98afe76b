// Figures for people: three digits that matter, and a unit. Numbers are written as the page's language has them, times of day
// as the reader's own.

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export interface Shown {
  figure: string;
  unit: string;
}

export const whole = (n: number): string => plain.format(n);

/** 12, 4.7, 0.02, 12.3k. */
export function rate(n: number): string {
  if (n === 0) return "0";
  if (n < 0.01) return "<0.01";
  if (n < 9.95) return String(Number(n.toFixed(n < 0.995 ? 2 : 1)));
  return count(n, 1000);
}

export const count = (n: number, from = 10_000): string => (Math.round(n) < from ? plain.format(n) : short.format(n).replace("K", "k"));

const steps = ["B", "KiB", "MiB", "GiB", "TiB"];
export function bytesOf(n: number): Shown {
  let at = 0;
  while (n >= 999.5 && at < steps.length - 1) {
    n /= 1024;
    at++;
  }
  return { figure: at === 0 || n >= 99.95 ? n.toFixed(0) : n >= 9.995 ? n.toFixed(1) : n.toFixed(2), unit: steps[at]! };
}
export const bytes = (n: number): string => {
  const { figure, unit } = bytesOf(n);
  return `${figure} ${unit}`;
};

/** Of milliseconds. */
export function timeOf(ms: number): Shown {
  if (ms < 0.9995) return { figure: (ms * 1000).toFixed(0), unit: "µs" };
  if (ms < 999.5) return { figure: ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0), unit: "ms" };
  return { figure: (ms / 1000).toFixed(1), unit: "s" };
}
export const time = (ms: number): string => {
  const { figure, unit } = timeOf(ms);
  return `${figure} ${unit}`;
};

/** 3 s, 12 min, 5 h, 2 d. */
export function age(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 129_600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

type At = number | string;
/** Times of day as `locale` writes them, with twelve or twenty-four hours; by default the reader's. */
export function timesIn(locale?: string): Record<"clock" | "clockExact" | "moment", (at: At) => string> {
  const written = (form: Intl.DateTimeFormatOptions) => {
    const made = new Intl.DateTimeFormat(locale, form);
    return (at: At) => made.format(new Date(at));
  };
  return {
    clock: written({ timeStyle: "medium" }),
    clockExact: written({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }),
    moment: written({ dateStyle: "medium", timeStyle: "medium" }),
  };
}
export const { clock, clockExact, moment } = timesIn();

export const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);
