// Times of the site's own clocks, whatever the clock and the zone of this machine are: the server says how far they are ahead of UTC, and since when.
const DAY_S = 86400;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (number) => String(number).padStart(2, "0");

export class ZoneTime {
  #offsets = [[-Infinity, 0]];

  constructor() {
    this.name = "UTC";
  }

  /** Takes over what the server said: the zone's name, and offsets as {from_s, offset_s}, in order. */
  learn(name, offsets) {
    this.name = name;
    this.#offsets = offsets.map(({ from_s, offset_s }) => [from_s, offset_s]);
  }

  offset(at) {
    let found = this.#offsets[0][1];
    for (const [from, offset] of this.#offsets) if (at >= from) found = offset;
    return found;
  }

  /** The moments in a time at which the clocks are put forward or back. */
  changes(from, to) {
    return this.#offsets.slice(1).map(([at]) => at).filter((at) => at > from && at < to);
  }

  #date(at) {
    return new Date((at + this.offset(at)) * 1000);
  }

  /** Seconds since the clocks showed midnight. */
  ofDay(at) {
    const local = at + this.offset(at);
    return local - Math.floor(local / DAY_S) * DAY_S;
  }

  /** The first moment of the day that a moment lies in. */
  dayBegin(at) {
    const local = Math.floor((at + this.offset(at)) / DAY_S) * DAY_S;
    let begin = local - this.offset(at);
    begin = local - this.offset(begin);
    return begin > at ? local - this.offset(at) : begin;
  }

  /** The first moment of the day after: 23, 24 or 25 hours later. */
  dayEnd(at) {
    return this.dayBegin(this.dayBegin(at) + 1.5 * DAY_S);
  }

  dayBefore(at) {
    return this.dayBegin(this.dayBegin(at) - DAY_S / 2);
  }

  minutes(at) {
    const date = this.#date(at);
    return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  }

  clock(at) {
    return `${this.minutes(at)}:${two(this.#date(at).getUTCSeconds())}`;
  }

  day(at) {
    const date = this.#date(at);
    return `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  }

  /** "UTC", "UTC+1", "UTC−3:30". */
  ahead(at) {
    const offset = this.offset(at);
    if (!offset) return "UTC";
    const minutes = Math.abs(Math.round(offset / 60));
    return `UTC${offset < 0 ? "−" : "+"}${Math.floor(minutes / 60)}${minutes % 60 ? `:${two(minutes % 60)}` : ""}`;
  }
}

/** A length of time in words: "45 s", "3 min", "1 h 20 min". */
export function lengthOf(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  if (whole < 2 * DAY_S) return `${Math.floor(whole / 3600)} h${Math.round((whole % 3600) / 60) ? ` ${Math.round((whole % 3600) / 60)} min` : ""}`;
  return `${Math.round(whole / DAY_S)} days`;
}
