#include "shim/rfc3339.h"

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years start in March, so that the
 * leap day is the last of its year. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static bool digits(const char **at, int count, unsigned *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (unsigned)(**at - '0');
    }
    return true;
}

static bool literal(const char **at, char c)
{
    return **at == c ? ((*at)++, true) : false;
}

static unsigned month_length(unsigned year, unsigned month)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : lengths[month - 1];
}

static bool offset(const char **at, int64_t *seconds)
{
    unsigned hours, minutes;
    int sign;

    *seconds = 0;
    if (literal(at, 'Z') || literal(at, 'z'))
        return true;
    if (**at != '+' && **at != '-')
        return false;
    sign = *(*at)++ == '-' ? -1 : 1;
    if (!digits(at, 2, &hours) || !literal(at, ':') || !digits(at, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    *seconds = sign * (int64_t)(hours * 3600 + minutes * 60);
    return true;
}

bool rfc3339_parse(int64_t *seconds, const char *text)
{
    unsigned year, month, day, hour, minute, second;
    int64_t shift;

    if (!digits(&text, 4, &year) || !literal(&text, '-') || !digits(&text, 2, &month) ||
        !literal(&text, '-') || !digits(&text, 2, &day))
        return false;
    if (!literal(&text, 'T') && !literal(&text, 't') && !literal(&text, ' '))
        return false;
    if (!digits(&text, 2, &hour) || !literal(&text, ':') || !digits(&text, 2, &minute) ||
        !literal(&text, ':') || !digits(&text, 2, &second))
        return false;
    if (literal(&text, '.')) {
        if (*text < '0' || *text > '9')
            return false;
        while (*text >= '0' && *text <= '9')
            text++;
    }
    if (!offset(&text, &shift) || *text != '\0')
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_length(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    if (second == 60)
        second = 59;
    *seconds =
        days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - shift;
    return true;
}

static char *put(char *at, unsigned value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + count;
}

void rfc3339_format(char text[RFC3339_SIZE], int64_t seconds, unsigned milliseconds)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    int64_t era, day_of_era, year_of_era, day_of_year, month_index;
    unsigned month;
    char *at = text;

    if (rest < 0) {
        rest += 86400;
        days--;
    }
    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    day_of_era = days - era * 146097;
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month_index = (5 * day_of_year + 2) / 153;
    month = (unsigned)(month_index < 10 ? month_index + 3 : month_index - 9);
    at = put(at, (unsigned)(year_of_era + era * 400 + (month <= 2)), 4);
    *at++ = '-';
    at = put(at, month, 2);
    *at++ = '-';
    at = put(at, (unsigned)(day_of_year - (153 * month_index + 2) / 5 + 1), 2);
    *at++ = 'T';
    at = put(at, (unsigned)(rest / 3600), 2);
    *at++ = ':';
    at = put(at, (unsigned)(rest / 60 % 60), 2);
    *at++ = ':';
    at = put(at, (unsigned)(rest % 60), 2);
    *at++ = '.';
    at = put(at, milliseconds, 3);
    *at++ = 'Z';
    *at = '\0';
}
