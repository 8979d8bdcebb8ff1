/* floor - a program that has loaded libcurl and does nothing: what no one-shot that uses it can go below. */
#include <curl/curl.h>

int main(void)
{
	return curl_version() == NULL;
}
