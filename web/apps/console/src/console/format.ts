// Figures for people: three digits that matter, and a unit.

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export interface Shown {
  figure: string;
  unit: string;
}

export const whole = (n: number): string => plain.format(n);

/** 12, 4.7, 12.3k. */
export function rate(n: number): string {
  if (n === 0) return "0";
  if (n < 10) return n.toFixed(1).replace(/\.0$/, "");
  return n < 1000 ? plain.format(n) : short.format(n).replace("K", "k");
}

export const count = (n: number): string => (n < 10_000 ? plain.format(n) : short.format(n).replace("K", "k"));

const steps = ["B", "KiB", "MiB", "GiB", "TiB"];
export function bytesOf(n: number): Shown {
  let at = 0;
  while (n >= 1000 && at < steps.length - 1) {
    n /= 1024;
    at++;
  }
  return { figure: at === 0 || n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2), unit: steps[at]! };
}
export const bytes = (n: number): string => {
  const { figure, unit } = bytesOf(n);
  return `${figure} ${unit}`;
};

/** Of milliseconds. */
export function timeOf(ms: number): Shown {
  if (ms < 1) return { figure: (ms * 1000).toFixed(0), unit: "µs" };
  if (ms < 1000) return { figure: ms < 10 ? ms.toFixed(1) : ms.toFixed(0), unit: "ms" };
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

const clockForm = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const dayForm = new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
export const clock = (at: number | string): string => clockForm.format(new Date(at));
export const moment = (at: number | string): string => dayForm.format(new Date(at));

export const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);
