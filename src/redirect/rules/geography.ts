/** Degrees. */
export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}
export interface Circle extends Point {
  readonly radiusKm: number;
}
/** From `west` eastwards to `east`, which may lie beyond the date line. */
export interface Box {
  readonly north: number;
  readonly south: number;
  readonly west: number;
  readonly east: number;
}

const EARTH_RADIUS_KM = 6371.0088;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Along the surface of a sphere as large as the earth (haversine): within half a per cent of the truth. */
export function distanceKm(one: Point, other: Point): number {
  const dLatitude = radians(other.latitude - one.latitude) / 2;
  const dLongitude = radians(other.longitude - one.longitude) / 2;
  const h =
    Math.sin(dLatitude) ** 2 +
    Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * Math.sin(dLongitude) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

export function isInBox({ latitude, longitude }: Point, { north, south, west, east }: Box): boolean {
  if (latitude < south || latitude > north) return false;
  return west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
}
